package user

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newList(u *command) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the people who sign in", Args: usage.NoArgs,
		Example: "  refrain user list",
		RunE: u.Action(func(cmd *cobra.Command, _ []string) error {
			return u.client.With(func(cl *client.Client) error {
				resp, err := cl.Users.ListUsers(cmd.Context(), &pb.ListUsersRequest{})
				if err != nil {
					return err
				}
				return u.print(resp.GetUsers())
			})
		}),
	}
}

// Line is somebody who signs in as JSON.
type Line struct {
	User     string        `json:"user"`
	Role     string        `json:"role"`
	Lines    []string      `json:"lines"`
	TOTP     bool          `json:"totp"`
	External bool          `json:"external"`
	Created  *string       `json:"created"`
	Creator  string        `json:"creator"`
	Disabled *string       `json:"disabled"`
	Disabler *string       `json:"disabler"`
	Sessions []SessionLine `json:"sessions"`
}

// SessionLine is what is known of a session, as JSON.
type SessionLine struct {
	Created *string `json:"created"`
	Used    *string `json:"used"`
	Origin  string  `json:"origin"`
}

func newLine(user *pb.User) Line {
	l := Line{name(user), output.EnumName(user.GetRole(), "ROLE_"), append([]string{}, user.GetLines()...),
		user.GetTotp(), user.GetExternal(), output.JSONTime(user.GetCreateTime()), user.GetCreator(),
		output.JSONTime(user.GetDisableTime()), output.OrNull(user.GetDisabler()), []SessionLine{}}
	for _, s := range user.GetSessions() {
		l.Sessions = append(l.Sessions, SessionLine{output.JSONTime(s.GetCreateTime()),
			output.JSONTime(s.GetLastUseTime()), s.GetOrigin()})
	}
	return l
}

func (u *command) print(users []*pb.User) error {
	if *u.format == output.JSON {
		return console.JSONLines(u.Console, users, newLine)
	}
	if len(users) == 0 {
		return u.Println("nobody signs in yet")
	}
	t := output.NewTable("USER", "ROLE", "LINES", "SIGNS IN", "SESSIONS", "LAST USED")
	for _, user := range users {
		used := ""
		if all := user.GetSessions(); len(all) > 0 {
			used = output.TextTime(slices.MaxFunc(all, func(a, b *pb.UserSession) int {
				return a.GetLastUseTime().AsTime().Compare(b.GetLastUseTime().AsTime())
			}).GetLastUseTime())
		}
		t.Add(name(user), output.EnumName(user.GetRole(), "ROLE_"), cmp.Or(strings.Join(user.GetLines(), ","), "all"),
			how(user), strconv.Itoa(len(user.GetSessions())), used)
	}
	return t.Write(u.Out)
}

// how says how somebody signs in.
func how(user *pb.User) string {
	switch {
	case user.GetDisableTime() != nil:
		return "disabled by " + user.GetDisabler()
	case user.GetExternal():
		return "at the provider"
	case user.GetTotp():
		return "password and code"
	}
	return "password"
}

// done says what became of somebody, and how to come back in where no admin can.
func (u *command) done(user *pb.User, what string, noAdmin bool) error {
	if noAdmin {
		u.Errorf("neither a key of an admin works, nor can an admin sign in: on the server's machine, whoever owns " +
			"its data directory adds one with: refrain user add NAME --role admin --data DIRECTORY")
	}
	if *u.format == output.JSON {
		return u.JSON(newLine(user))
	}
	return u.Println(name(user) + " " + what)
}

// setup shows what an authenticator needs, which nobody can find out again.
func (u *command) setup(user string, resp *pb.SetUpUserTotpResponse) error {
	if *u.format == output.JSON {
		return u.JSON(struct {
			User   string `json:"user"`
			Secret string `json:"secret"`
			URI    string `json:"uri"`
		}{user, resp.GetSecret(), resp.GetUri()})
	}
	u.Errorf("what the authenticator of %s needs, as a secret and as what a QR code says; it is shown this once", user)
	return u.Println(resp.GetSecret(), resp.GetUri())
}

func name(user *pb.User) string { return strings.TrimPrefix(user.GetName(), "users/") }
