package user

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Keep the people who sign in at the page, with a password.

A password is read from the terminal, or is the first line of standard input; it is never an
argument. It has at least 12 characters.

As the first key does, the first person ends that whoever asks from the server's own machine may
do everything: make him an admin. Whoever owns the server's data directory gets in all the same,
by --data.`

const example = `  refrain user add li --role admin                     asks for a password
  refrain user add wang --role reviewer --line loans --key @admin.key < password
  refrain user list
  refrain user disable wang --reason "left us"
  refrain user passwd li --data /var/lib/refrain       when nobody can get in any more`

// command is what the commands of user share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain user.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Keep the people who sign in", Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	u := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	u.client.DataFlag(cmd)
	cmd.AddCommand(newAdd(u), newList(u), newRole(u), newPasswd(u), newDisable(u), newEnable(u), newSignOut(u),
		newTOTP(u))
	return cmd
}

func newAdd(u *command) *cobra.Command {
	var role string
	req := &pb.AddUserRequest{}
	cmd := &cobra.Command{
		Use: "add NAME --role ROLE", Short: "Add somebody, with a password", Args: usage.OneArg("NAME"),
		Example: "  refrain user add wang --role reviewer --line loans",
	}
	usage.GrantFlags(cmd, "what he may do", &role, &req.Lines)
	cmd.RunE = u.Action(func(cmd *cobra.Command, args []string) (err error) {
		req.UserId = args[0]
		if req.Role, err = usage.Role(role); err != nil {
			return err
		}
		if req.Password, err = u.NewPassword(cmd.Context(), args[0]); err != nil {
			return err
		}
		return u.client.With(func(cl *client.Client) error {
			resp, err := cl.Users.AddUser(cmd.Context(), req)
			if err != nil {
				return err
			}
			return u.done(resp.GetUser(), "was added", resp.GetNoAdmin())
		})
	})
	return cmd
}

func newRole(u *command) *cobra.Command {
	var role string
	var all bool
	req := &pb.ChangeUserRequest{}
	cmd := &cobra.Command{
		Use: "role NAME --role ROLE", Short: "Give somebody another role and other lines; ends his sessions",
		Long: "Give somebody another role, and other lines where --line or --all-lines says so: else he keeps those " +
			"that he has. Ends his sessions. An admin is for all lines.",
		Args: usage.OneArg("NAME"), Example: "  refrain user role wang --role supervisor\n" +
			"  refrain user role wang --role admin --all-lines",
	}
	usage.GrantFlags(cmd, "what he may do", &role, &req.Lines)
	cmd.Flags().BoolVar(&all, "all-lines", false, "for all lines from now on")
	cmd.MarkFlagsMutuallyExclusive("line", "all-lines")
	cmd.RunE = u.Action(func(cmd *cobra.Command, args []string) (err error) {
		req.Name = client.ResourceName("users", args[0])
		if req.Role, err = usage.Role(role); err != nil {
			return err
		}
		return u.client.With(func(cl *client.Client) error {
			if !all && len(req.GetLines()) == 0 {
				if req.Lines, err = linesOf(cmd.Context(), cl, req.GetName()); err != nil {
					return err
				}
			}
			resp, err := cl.Users.ChangeUser(cmd.Context(), req)
			if err != nil {
				return err
			}
			return u.done(resp.GetUser(), "has the role "+role+" now, for "+linesText(resp.GetUser()), resp.GetNoAdmin())
		})
	})
	return cmd
}

// linesOf are the lines that somebody has so far; none for all, and where there is nobody of that name, which
// the server says.
func linesOf(ctx context.Context, cl *client.Client, name string) ([]string, error) {
	resp, err := cl.Users.ListUsers(ctx, &pb.ListUsersRequest{})
	if err != nil {
		return nil, err
	}
	for _, user := range resp.GetUsers() {
		if user.GetName() == name {
			return user.GetLines(), nil
		}
	}
	return nil, nil
}

// linesText tells somebody's lines.
func linesText(user *pb.User) string {
	if lines := user.GetLines(); len(lines) > 0 {
		return "the lines " + strings.Join(lines, ", ")
	}
	return "all lines"
}

func newPasswd(u *command) *cobra.Command {
	return &cobra.Command{
		Use: "passwd NAME", Short: "Give somebody another password; ends his sessions", Args: usage.OneArg("NAME"),
		Example: "  refrain user passwd wang",
		RunE: u.Action(func(cmd *cobra.Command, args []string) error {
			password, err := u.NewPassword(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return u.client.With(func(cl *client.Client) error {
				resp, err := cl.Users.SetUserPassword(cmd.Context(), &pb.SetUserPasswordRequest{
					Name: client.ResourceName("users", args[0]), Password: password})
				if err != nil {
					return err
				}
				return u.done(resp.GetUser(), "has another password", false)
			})
		}),
	}
}

func newDisable(u *command) *cobra.Command {
	req := &pb.DisableUserRequest{}
	cmd := &cobra.Command{
		Use: "disable NAME --reason R", Short: "Let somebody in no more; ends his sessions", Args: usage.OneArg("NAME"),
		Example: "  refrain user disable wang --reason \"left us\"",
		RunE: u.Action(func(cmd *cobra.Command, args []string) error {
			req.Name = client.ResourceName("users", args[0])
			return u.client.With(func(cl *client.Client) error {
				resp, err := cl.Users.DisableUser(cmd.Context(), req)
				if err != nil {
					return err
				}
				return u.done(resp.GetUser(), "is disabled", resp.GetNoAdmin())
			})
		}),
	}
	usage.ReasonFlag(cmd, &req.Reason)
	return cmd
}

func newEnable(u *command) *cobra.Command {
	return &cobra.Command{
		Use: "enable NAME", Short: "Let somebody in again", Args: usage.OneArg("NAME"),
		Example: "  refrain user enable wang",
		RunE: u.Action(func(cmd *cobra.Command, args []string) error {
			return u.client.With(func(cl *client.Client) error {
				resp, err := cl.Users.EnableUser(cmd.Context(),
					&pb.EnableUserRequest{Name: client.ResourceName("users", args[0])})
				if err != nil {
					return err
				}
				return u.done(resp.GetUser(), "may sign in again", false)
			})
		}),
	}
}

func newSignOut(u *command) *cobra.Command {
	return &cobra.Command{
		Use: "sign-out NAME", Short: "End all sessions of somebody", Args: usage.OneArg("NAME"),
		Example: "  refrain user sign-out wang",
		RunE: u.Action(func(cmd *cobra.Command, args []string) error {
			return u.client.With(func(cl *client.Client) error {
				resp, err := cl.Users.SignOutUser(cmd.Context(),
					&pb.SignOutUserRequest{Name: client.ResourceName("users", args[0])})
				if err != nil {
					return err
				}
				return u.done(resp.GetUser(), "is signed out everywhere", false)
			})
		}),
	}
}

func newTOTP(u *command) *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use: "totp NAME", Short: "Have somebody asked for an authenticator's code, too; ends his sessions",
		Long: "Have somebody asked for an authenticator's code (TOTP) besides his password. What the authenticator " +
			"needs is shown this once.",
		Args:    usage.OneArg("NAME"),
		Example: "  refrain user totp wang\n  refrain user totp wang --remove",
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "ask him for no code any more, such as when his telephone is lost")
	cmd.RunE = u.Action(func(cmd *cobra.Command, args []string) error {
		name := client.ResourceName("users", args[0])
		return u.client.With(func(cl *client.Client) error {
			if remove {
				resp, err := cl.Users.RemoveUserTotp(cmd.Context(), &pb.RemoveUserTotpRequest{Name: name})
				if err != nil {
					return err
				}
				return u.done(resp.GetUser(), "is asked for no code any more", false)
			}
			resp, err := cl.Users.SetUpUserTotp(cmd.Context(), &pb.SetUpUserTotpRequest{Name: name})
			if err != nil {
				return err
			}
			return u.setup(args[0], resp)
		})
	})
	return cmd
}
