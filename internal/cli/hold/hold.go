package hold

import (
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Keep what is known of a number, a call or a time from being erased, because a court, an
authority or a dispute wants it. While a hold stands, neither retention nor 'refrain
person erase' touches what it is on.`

const example = `  refrain hold add --number 13800138000 --reason "complaint 12321-884"
  refrain hold add --call 4711 --reason "dispute with the customer"
  refrain hold add --since 2026-11-01T00:00:00+08:00 --until 2026-12-01T00:00:00+08:00 --reason "audit"
  refrain hold list
  refrain hold release holds/01JNB3W2X7Q5T8Z6Y4V0KMRDHP --reason "settled"`

// command is what the commands of hold share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain hold.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "hold", Short: "Keep something from being erased", Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	h := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	h.client.DataFlag(cmd)
	cmd.AddCommand(newAdd(h), newList(h), newRelease(h))
	return cmd
}

func newAdd(h *command) *cobra.Command {
	req := &pb.AddHoldRequest{}
	var since, until string
	cmd := &cobra.Command{Use: "add --reason R", Short: "Place a hold", Args: usage.NoArgs, Example: example}
	flags := cmd.Flags()
	flags.StringVar(&req.Number, "number", "", "on all that is known of this `number`")
	flags.StringVar(&req.CallId, "call", "", "on the call with this `id`, and its recordings")
	flags.StringVar(&since, "since", "", "on calls that began at this `RFC 3339` time or later, with --until")
	flags.StringVar(&until, "until", "", "and before this `RFC 3339` time")
	usage.ReasonFlag(cmd, &req.Reason)
	cmd.MarkFlagsMutuallyExclusive("number", "call", "since")
	cmd.MarkFlagsRequiredTogether("since", "until")
	cmd.MarkFlagsOneRequired("number", "call", "since")
	cmd.RunE = h.Action(func(cmd *cobra.Command, _ []string) error {
		for _, t := range []struct {
			flag, text string
			to         **timestamppb.Timestamp
		}{{"since", since, &req.StartTime}, {"until", until, &req.EndTime}} {
			if t.text == "" {
				continue
			}
			at, err := usage.Time(t.text)
			if err != nil {
				return usage.Errorf("--%s %q %v", t.flag, t.text, err)
			}
			*t.to = at
		}
		return h.client.With(func(cl *client.Client) error {
			resp, err := cl.Retention.AddHold(cmd.Context(), req)
			if err != nil {
				return err
			}
			return h.print(resp.GetHold(), resp.GetHold().GetAbout()+" is kept: "+resp.GetHold().GetName())
		})
	})
	return cmd
}

func newRelease(h *command) *cobra.Command {
	req := &pb.ReleaseHoldRequest{}
	cmd := &cobra.Command{
		Use: "release HOLD --reason R", Short: "End a hold", Args: usage.OneArg("HOLD"),
		Example: "  refrain hold release holds/01JNB3W2X7Q5T8Z6Y4V0KMRDHP --reason \"settled\"",
		RunE: h.Action(func(cmd *cobra.Command, args []string) error {
			req.Name = client.ResourceName("holds", args[0])
			return h.client.With(func(cl *client.Client) error {
				resp, err := cl.Retention.ReleaseHold(cmd.Context(), req)
				if err != nil {
					return err
				}
				return h.print(resp.GetHold(), resp.GetHold().GetName()+" is released; what was over meanwhile is "+
					"erased within the hour")
			})
		}),
	}
	usage.ReasonFlag(cmd, &req.Reason)
	return cmd
}

func newList(h *command) *cobra.Command {
	req := &pb.ListHoldsRequest{}
	cmd := &cobra.Command{
		Use: "list", Short: "List the holds that stand, newest first", Args: usage.NoArgs,
		Example: "  refrain hold list\n  refrain hold list --all",
		RunE: h.Action(func(cmd *cobra.Command, _ []string) error {
			return h.client.With(func(cl *client.Client) error {
				resp, err := cl.Retention.ListHolds(cmd.Context(), req)
				if err != nil {
					return err
				}
				return h.list(resp.GetHolds())
			})
		}),
	}
	cmd.Flags().BoolVar(&req.ShowReleased, "all", false, "also those that were released")
	return cmd
}

// Line is a hold as JSON.
type Line struct {
	Hold     string  `json:"hold"`
	About    string  `json:"about"` // numbers are masked
	Reason   string  `json:"reason"`
	Actor    string  `json:"actor"`
	Placed   *string `json:"placed"`
	Released *string `json:"released"`
	// By and Why are of the release.
	By  string `json:"released_by"`
	Why string `json:"release_reason"`
}

func newLine(w *pb.Hold) Line {
	return Line{w.GetName(), w.GetAbout(), w.GetReason(), w.GetActor(), output.JSONTime(w.GetCreateTime()),
		output.JSONTime(w.GetReleaseTime()), w.GetReleaseActor(), w.GetReleaseReason()}
}

func (h *command) print(w *pb.Hold, text string) error {
	if *h.format == output.JSON {
		return h.JSON(newLine(w))
	}
	return h.Println(text)
}

func (h *command) list(holds []*pb.Hold) error {
	if *h.format == output.JSON {
		return console.JSONLines(h.Console, holds, newLine)
	}
	if len(holds) == 0 {
		return h.Println("no holds")
	}
	t := output.NewTable("ABOUT", "REASON", "BY", "PLACED", "RELEASED", "HOLD")
	for _, w := range holds {
		t.Add(w.GetAbout(), output.Shorten(w.GetReason(), 40), w.GetActor(), output.TextTime(w.GetCreateTime()),
			output.TextTime(w.GetReleaseTime()), w.GetName())
	}
	return t.Write(h.Out)
}
