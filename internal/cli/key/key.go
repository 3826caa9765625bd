package key

import (
	"context"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Keep the keys by which programs and people say who they are.

While there is none, whoever asks from the server's own machine may do everything. The
first key ends that: make it an admin's. Whoever owns the server's data directory gets in
without a key all the same, by --data.

Roles: ` + roleHelp + `
docs/security.md has the table of who may do what.`

const roleHelp = `recorder (uploads), dialler (asks, reserves, reports), agent, reviewer
(decides suspects), supervisor (freezes, rules, reports), analyst (judges again, exports
masked), auditor (reads everything), monitor (metrics), gate (what refrain gate
follows with), admin.`

const example = `  refrain key add me --role admin                      the first; shown once
  refrain key add pbx-1 --role dialler --line loans --key "$ADMIN"
  refrain key list
  refrain key rotate pbx-1 --overlap 7d                both work for a week
  refrain key revoke pbx-1 --reason "the PBX is gone"
  refrain key add me2 --role admin --data /var/lib/refrain   when no admin's key is left`

// command is what the commands of key share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain key.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Keep the keys that say who asks", Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	k := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	k.client.DataFlag(cmd)
	cmd.AddCommand(newAdd(k), newList(k), newRotate(k), newRevoke(k), newWho(k))
	return cmd
}

func newAdd(k *command) *cobra.Command {
	var role string
	var expires usage.End
	req := &pb.AddKeyRequest{}
	cmd := &cobra.Command{
		Use: "add NAME --role ROLE", Short: "Make a key and show it, this once", Args: usage.OneArg("NAME"),
		Example: "  refrain key add pbx-1 --role dialler --line loans --for 365d\n" +
			"  refrain key add crm --role supervisor --acts-for-others",
	}
	usage.GrantFlags(cmd, "what it may do", &role, &req.Lines)
	cmd.Flags().BoolVar(&req.ActsForOthers, "acts-for-others", false, "believe whom its requests name as acting, "+
		"as a CRM does for its users")
	expires.Flags(cmd, "without this or --until it doesn't expire")
	cmd.RunE = k.Action(func(cmd *cobra.Command, args []string) error {
		may, err := usage.Role(role)
		if err != nil {
			return err
		}
		period, until, err := expires.Read()
		if err != nil {
			return err
		}
		if period != nil {
			until = k.after(period)
		}
		req.KeyId, req.Role, req.ExpireTime = args[0], may, until
		return k.client.With(func(cl *client.Client) error { return k.add(cmd.Context(), cl, req) })
	})
	return cmd
}

func (k *command) add(ctx context.Context, cl *client.Client, req *pb.AddKeyRequest) error {
	resp, err := cl.Keys.AddKey(ctx, req)
	if err != nil {
		return err
	}
	if err := k.show(resp.GetKey(), resp.GetToken(), ""); err != nil {
		return err
	}
	k.warn(resp.GetNoAdmin())
	return nil
}

// warn says how to come back in where no admin can.
func (k *command) warn(noAdmin bool) {
	if noAdmin {
		k.Errorf("there is no admin's key that works: on the server's machine, whoever owns its data directory " +
			"makes one with: refrain key add NAME --role admin --data DIRECTORY")
	}
}

func newRotate(k *command) *cobra.Command {
	var overlap string
	req := &pb.RotateKeyRequest{}
	cmd := &cobra.Command{
		Use: "rotate NAME", Short: "Give a key another token, while the one before works on",
		Args: usage.OneArg("NAME"), Example: "  refrain key rotate pbx-1 --overlap 7d",
	}
	cmd.Flags().StringVar(&overlap, "overlap", "1d", "how `long` the token before works on, at most 90d; 0 for "+
		"no longer")
	cmd.RunE = k.Action(func(cmd *cobra.Command, args []string) error {
		req.Name = client.ResourceName("keys", args[0])
		req.Overlap = durationpb.New(0)
		if overlap != "0" {
			d, err := usage.Period(overlap)
			if err != nil {
				return usage.Errorf("--overlap %q %v", overlap, err)
			}
			req.Overlap = durationpb.New(d)
		}
		return k.client.With(func(cl *client.Client) error {
			resp, err := cl.Keys.RotateKey(cmd.Context(), req)
			if err != nil {
				return err
			}
			before := ""
			if tokens := resp.GetKey().GetTokens(); len(tokens) > 1 {
				before = "; the one before works until " + output.TextTime(tokens[1].GetEndTime())
			}
			return k.show(resp.GetKey(), resp.GetToken(), before)
		})
	})
	return cmd
}

func newRevoke(k *command) *cobra.Command {
	req := &pb.RevokeKeyRequest{}
	cmd := &cobra.Command{
		Use: "revoke NAME --reason R", Short: "End a key at once", Args: usage.OneArg("NAME"),
		Example: "  refrain key revoke pbx-1 --reason \"the PBX is gone\"",
		RunE: k.Action(func(cmd *cobra.Command, args []string) error {
			req.Name = client.ResourceName("keys", args[0])
			return k.client.With(func(cl *client.Client) error {
				resp, err := cl.Keys.RevokeKey(cmd.Context(), req)
				if err != nil {
					return err
				}
				k.warn(resp.GetNoAdmin())
				if *k.format == output.JSON {
					return k.JSON(k.line(resp.GetKey()))
				}
				return k.Println(name(resp.GetKey()) + " is revoked")
			})
		}),
	}
	usage.ReasonFlag(cmd, &req.Reason)
	return cmd
}
