package complaint

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// command is what the commands of complaint share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

func newList(k *command) *cobra.Command {
	req := &pb.ListComplaintsRequest{}
	var made usage.Span
	var most client.Limit
	cmd := &cobra.Command{
		Use: "list", Short: "List complaints, newest first", Args: usage.NoArgs,
		Long: "List complaints, newest first, each with the call that it is about: the last one to its number before it.",
		Example: "  refrain complaint list --since 2026-03-01T00:00:00+08:00 --limit 0\n" +
			"  refrain complaint list --agent zhang --source 12321",
		RunE: k.Action(func(cmd *cobra.Command, _ []string) error {
			var err error
			if req.StartTime, req.EndTime, err = made.Read(); err != nil {
				return err
			}
			return k.client.With(func(cl *client.Client) error { return k.list(cmd.Context(), cl, req, most) })
		}),
	}
	cmd.Flags().StringVar(&req.Number, "number", "", "only those of this `number`")
	usage.SameNumberFlag(cmd, &req.SameNumberAs)
	cmd.Flags().StringVar(&req.Source, "source", "", "only those of this `source`: 12321, carrier or own")
	cmd.Flags().StringVar(&req.Line, "line", "", "only those about a call of this `line`")
	cmd.Flags().StringVar(&req.Agent, "agent", "", "only those about a call of this `agent`")
	made.Flags(cmd, "only those that were made")
	client.LimitFlag(cmd, &most, 100)
	return cmd
}

func (k *command) list(
	ctx context.Context, cl *client.Client, req *pb.ListComplaintsRequest, most client.Limit,
) error {
	rows := k.rows()
	return most.Pages(func(size int32, token string) (int, string, error) {
		req.PageSize, req.PageToken = size, token
		resp, err := cl.Freezes.ListComplaints(ctx, req)
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetComplaints()), resp.GetNextPageToken(), rows.Page(resp.GetComplaints())
	})
}

// line is a complaint as JSON. Times are RFC 3339.
type line struct {
	Complaint string  `json:"complaint"`
	Number    string  `json:"number"` // masked
	Time      *string `json:"time"`
	Source    string  `json:"source"`
	Text      string  `json:"text"`
	Actor     string  `json:"actor"`
	NotedAt   *string `json:"noted_at"`
	Freeze    string  `json:"freeze"`
	Frozen    bool    `json:"frozen"`
	// CallID is that of the call that it is about, null with the rest of it where none is known.
	CallID *string `json:"call_id"`
	Agent  *string `json:"agent"`
	Line   *string `json:"line"`
	Start  *string `json:"start"`
}

func newLine(c *pb.Complaint) line {
	return line{Complaint: c.GetName(), Number: c.GetMaskedNumber(), Time: output.JSONTime(c.GetTime()), Source: c.GetSource(),
		Text: c.GetText(), Actor: c.GetActor(), NotedAt: output.JSONTime(c.GetCreateTime()), Freeze: c.GetFreeze(),
		Frozen: c.GetFrozen(), CallID: output.OrNull(c.GetCallId()), Agent: output.OrNull(c.GetAgent()),
		Line: output.OrNull(c.GetLine()), Start: output.JSONTime(c.GetCallStartTime())}
}

func (k *command) rows() *console.Listing[*pb.Complaint, line] {
	return &console.Listing[*pb.Complaint, line]{
		Console: k.Console, Format: *k.format, None: "no complaints", Line: newLine,
		Columns: []string{"MADE", "NUMBER", "SOURCE", "FROZEN", "CALL", "AGENT", "LINE", "TEXT"},
		Row: func(c *pb.Complaint) []string {
			frozen := "no"
			if c.GetFrozen() {
				frozen = "yes"
			}
			return []string{output.TextTime(c.GetTime()), c.GetMaskedNumber(), c.GetSource(), frozen,
				cmp.Or(c.GetCallId(), "unknown"), c.GetAgent(), c.GetLine(),
				number.MaskName(output.Shorten(c.GetText(), 40))}
		},
	}
}
