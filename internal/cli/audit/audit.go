package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Read the record of who did what to what, when, from where and why: decisions, reveals,
exports, keys, refusals, activations, deletions. Entries are chained, so that what was
changed, taken away or put in between is found by verify.`

const example = `  refrain audit list --action key.
  refrain audit list --actor li --since 2026-11-01T00:00:00+08:00
  refrain audit export > audit.jsonl
  refrain audit verify --head 5f0c...`

// command is what the commands of audit share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain audit.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Read the record of who did what", Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	a := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	a.client.DataFlag(cmd)
	cmd.AddCommand(newList(a), newExport(a), newVerify(a))
	return cmd
}

// filter are the flags that select entries.
type filter struct {
	pb           pb.AuditFilter
	since, until string
}

func (f *filter) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.pb.Actor, "actor", "", "only what this `person` or key did")
	flags.StringVar(&f.pb.Subject, "subject", "", "only what was done to this, such as suspects/01J...")
	flags.StringVar(&f.pb.Action, "action", "", "only this `action`, such as key.add; with a dot at its end, "+
		"such as key., all that begin so")
	flags.StringVar(&f.since, "since", "", "only from this `RFC 3339` time on")
	flags.StringVar(&f.until, "until", "", "only before this `RFC 3339` time")
}

func (f *filter) read() (_ *pb.AuditFilter, err error) {
	if f.since != "" {
		if f.pb.StartTime, err = usage.Time(f.since); err != nil {
			return nil, usage.Errorf("--since %q %v", f.since, err)
		}
	}
	if f.until != "" {
		if f.pb.EndTime, err = usage.Time(f.until); err != nil {
			return nil, usage.Errorf("--until %q %v", f.until, err)
		}
	}
	return &f.pb, nil
}

func newList(a *command) *cobra.Command {
	var f filter
	var most client.Limit
	cmd := &cobra.Command{
		Use: "list", Short: "List entries, newest first", Args: usage.NoArgs,
		Example: "  refrain audit list --action reveal --limit 0",
	}
	f.flags(cmd)
	client.LimitFlag(cmd, &most, 50)
	cmd.RunE = a.Action(func(cmd *cobra.Command, _ []string) error {
		selected, err := f.read()
		if err != nil {
			return err
		}
		req := &pb.ListEntriesRequest{Filter: selected}
		return a.client.With(func(cl *client.Client) error {
			rows := a.rows()
			return most.Pages(func(size int32, token string) (int, string, error) {
				req.PageSize, req.PageToken = size, token
				resp, err := cl.Audit.ListEntries(cmd.Context(), req)
				if err != nil {
					return 0, "", err
				}
				return len(resp.GetEntries()), resp.GetNextPageToken(), rows.Page(resp.GetEntries())
			})
		})
	})
	return cmd
}

func newExport(a *command) *cobra.Command {
	var f filter
	cmd := &cobra.Command{
		Use: "export", Short: "Write entries as JSON lines, oldest first", Args: usage.NoArgs,
		Example: "  refrain audit export --since 2026-01-01T00:00:00+08:00 > audit.jsonl",
	}
	f.flags(cmd)
	cmd.RunE = a.Action(func(cmd *cobra.Command, _ []string) error {
		selected, err := f.read()
		if err != nil {
			return err
		}
		return a.client.With(func(cl *client.Client) error {
			return a.export(cmd.Context(), cl, &pb.ExportEntriesRequest{Filter: selected})
		})
	})
	return cmd
}

func (a *command) export(ctx context.Context, cl *client.Client, req *pb.ExportEntriesRequest) (err error) {
	stream, err := cl.Audit.ExportEntries(ctx, req)
	if err != nil {
		return err
	}
	flush := a.Buffered()
	defer func() { err = errors.Join(err, flush()) }()
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := console.JSONLines(a.Console, m.GetEntries(), newLine); err != nil {
			return err
		}
	}
}

// Line is an entry as JSON.
type Line struct {
	Seq     int64             `json:"seq"`
	Time    *string           `json:"time"`
	Actor   string            `json:"actor"`
	Origin  string            `json:"origin"`
	Action  string            `json:"action"`
	Subject string            `json:"subject"`
	Reason  string            `json:"reason"`
	Details map[string]string `json:"details"`
	MAC     string            `json:"mac"`
}

func newLine(e *pb.AuditEntry) Line {
	details := e.GetDetails()
	if details == nil {
		details = map[string]string{}
	}
	return Line{e.GetSeq(), output.JSONTime(e.GetTime()), e.GetActor(), e.GetOrigin(), e.GetAction(),
		e.GetSubject(), e.GetReason(), details, e.GetMac()}
}

func (a *command) rows() *console.Listing[*pb.AuditEntry, Line] {
	return &console.Listing[*pb.AuditEntry, Line]{
		Console: a.Console, Format: *a.format, None: "no entries", Line: newLine,
		Columns: []string{"TIME", "WHO", "FROM", "ACTION", "SUBJECT", "WHY", "MORE"},
		Row: func(e *pb.AuditEntry) []string {
			return []string{output.TextTime(e.GetTime()), e.GetActor(), e.GetOrigin(), e.GetAction(), e.GetSubject(),
				output.Shorten(e.GetReason(), 40), output.Shorten(detailsText(e.GetDetails()), 60)}
		},
	}
}

func detailsText(details map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(details)) {
		parts = append(parts, name+"="+details[name])
	}
	return strings.Join(parts, " ")
}

func newVerify(a *command) *cobra.Command {
	req := &pb.VerifyAuditRequest{}
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that no entry was changed, taken away or added", Args: usage.NoArgs,
		Example: "  refrain audit verify --head HASH   # a head from the server's log, written hourly",
		RunE: a.Action(func(cmd *cobra.Command, _ []string) error {
			return a.client.With(func(cl *client.Client) error { return a.verify(cmd.Context(), cl, req) })
		}),
	}
	cmd.Flags().StringVar(&req.Head, "head", "", "a `hash` that was noted before and must be there; without it, "+
		"a record whose end was cut off looks like a younger one")
	return cmd
}

func (a *command) verify(ctx context.Context, cl *client.Client, req *pb.VerifyAuditRequest) error {
	resp, err := cl.Audit.VerifyAudit(ctx, req)
	if err != nil {
		return err
	}
	problems := resp.GetProblems()
	if *a.format == output.JSON {
		err = a.JSON(struct {
			Entries  int64    `json:"entries"`
			First    int64    `json:"first"`
			Head     string   `json:"head"`
			Unproven int64    `json:"unproven"`
			Problems []string `json:"problems"`
		}{resp.GetEntries(), resp.GetFirst(), resp.GetHead(), resp.GetUnproven(), append([]string{}, problems...)})
	} else {
		err = a.Println(verdict(resp)...)
	}
	if err == nil && len(problems) > 0 {
		err = console.Failures(len(problems), len(problems))
	}
	return err
}

func verdict(resp *pb.VerifyAuditResponse) []string {
	out := resp.GetProblems()
	if len(out) == 0 {
		out = []string{fmt.Sprintf("%d entries, all as they were written; head %s", resp.GetEntries(),
			resp.GetHead())}
	}
	if n := resp.GetUnproven(); n > 0 {
		out = append(out, fmt.Sprintf("%d of them were sealed with another key: they are chained, but whoever had "+
			"that key may have changed them", n))
	}
	return out
}
