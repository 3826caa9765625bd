package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const reviewHelp = `Review suspects: calls in which the customer seems to have refused.

Confirming a suspect freezes its number at once; dismissing lets it go. Both are
final for this round: revert takes a decision back, releases its freeze, and opens
the suspect again. Everything is kept with the name of whoever did it: see --as.`

const reviewExample = `  refrain review list
  refrain review show 01K3ABCDEFGHJKMNPQRSTVWXYZ
  refrain review confirm 01K3ABCDEFGHJKMNPQRSTVWXYZ --class stop_calling --note "asked twice"
  refrain review dismiss 01K3ABCDEFGHJKMNPQRSTVWXYZ --note "it was the radio"
  refrain review revert 01K3ABCDEFGHJKMNPQRSTVWXYZ --reason "wrong customer"`

// reviewing is what the commands of review share.
type reviewing struct {
	*console
	client *clientFlags
	format *format
}

func newReview(c *console) *cobra.Command {
	cmd := &cobra.Command{Use: "review", Short: "List, confirm and dismiss suspects", Long: reviewHelp, Example: reviewExample}
	chooses(cmd)
	r := &reviewing{console: c, client: addClientFlags(c, cmd), format: formatFlag(cmd)}
	cmd.AddCommand(newReviewList(r), newReviewShow(r), newReviewConfirm(r), newReviewDismiss(r), newReviewRevert(r))
	return cmd
}

// with runs f with a connection.
func (r *reviewing) with(f func(cl *client) error) error { return r.client.with(f) }

func newReviewList(r *reviewing) *cobra.Command {
	l := listing{reviewing: r}
	var state string
	var all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List suspects that wait for a decision", Args: none,
		Long: "List suspects that wait for a decision: open ones, then claimed ones. --all lists decided ones, too,\n" +
			"and --state those in one state. Oldest first, each time.",
		Example: "  refrain review list\n  refrain review list --state confirmed --limit 20\n  refrain review list --all --class complaint --format json",
		RunE: r.work(func(cmd *cobra.Command, _ []string) error {
			n, ok := pb.Suspect_State_value["STATE_"+strings.ToUpper(state)]
			if state != "" && (!ok || n == 0) {
				return misuse("--state %q is no state; use open, claimed, confirmed or dismissed", state)
			}
			if l.limit < 0 {
				return misuse("--limit is %d; it must be 0 (no limit) or more", l.limit)
			}
			l.states, l.waiting = []pb.Suspect_State{pb.Suspect_State(n)}, !all && state == ""
			if l.waiting {
				l.states = []pb.Suspect_State{pb.Suspect_STATE_OPEN, pb.Suspect_STATE_CLAIMED}
			}
			return r.with(func(cl *client) error { return l.run(cmd.Context(), cl) })
		}),
	}
	cmd.Flags().StringVar(&state, "state", "", "only those in this `state`: open, claimed, confirmed or dismissed")
	cmd.Flags().BoolVar(&all, "all", false, "also those that are confirmed or dismissed")
	cmd.MarkFlagsMutuallyExclusive("state", "all")
	cmd.Flags().StringVar(&l.class, "class", "", "only those of this `class`, such as stop_calling")
	cmd.Flags().IntVar(&l.limit, "limit", 0, "at most so `many`; 0 for all")
	return cmd
}

// listing is one run of review list.
type listing struct {
	*reviewing
	states  []pb.Suspect_State // one after the other
	waiting bool               // they are those that wait for a decision
	class   string
	limit   int // 0 for none
	seen    int
}

func (l *listing) run(ctx context.Context, cl *client) error {
	for _, state := range l.states {
		if err := l.list(ctx, cl, &pb.ListSuspectsRequest{State: state, Class: l.class}); err != nil {
			return err
		}
	}
	switch {
	case l.seen > 0 || *l.format == formatJSON:
		return nil
	case l.waiting:
		return l.println("no suspects wait for a decision; see those decided with --all")
	}
	return l.println("no suspects")
}

// list pages through the suspects; text is lined up page by page.
func (l *listing) list(ctx context.Context, cl *client, req *pb.ListSuspectsRequest) error {
	const page = 500
	for l.limit == 0 || l.seen < l.limit {
		req.PageSize = page
		if l.limit > 0 {
			req.PageSize = int32(min(page, l.limit-l.seen))
		}
		resp, err := cl.reviews.ListSuspects(ctx, req)
		if err != nil {
			return err
		}
		if err := l.tellPage(resp.GetSuspects(), l.seen == 0); err != nil {
			return err
		}
		l.seen += len(resp.GetSuspects())
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			return nil
		}
	}
	return nil
}

func (r *reviewing) tellPage(page []*pb.Suspect, first bool) error {
	if *r.format == formatJSON {
		for _, s := range page {
			if err := r.json(newSuspectLine(s)); err != nil {
				return err
			}
		}
		return nil
	}
	var t table
	if first && len(page) > 0 {
		t.add("SUSPECT", "STATE", "CLASS", "SCORE", "NUMBER", "AGENT", "CALL", "FOUND", "SAID")
	}
	for _, s := range page {
		t.add(suspectID(s.GetName()), enumName(s.GetState(), "STATE_"), s.GetClass(), fmt.Sprintf("%.2f", s.GetScore()), s.GetMaskedNumber(),
			s.GetAgent(), s.GetCallId(), textTime(s.GetCreateTime()), strongest(s.GetHits(), s.GetClass()).GetText())
	}
	return t.write(r.out)
}

// suspectName accepts a suspect's name or its bare id.
func suspectName(s string) string {
	if strings.Contains(s, "/") {
		return s
	}
	return "suspects/" + s
}

// suspectID is what users type.
func suspectID(name string) string { return strings.TrimPrefix(name, "suspects/") }

func newReviewShow(r *reviewing) *cobra.Command {
	return &cobra.Command{
		Use: "show SUSPECT", Short: "Show a suspect with its transcript and decisions", Args: one("SUSPECT"),
		Example: "  refrain review show 01K3ABCDEFGHJKMNPQRSTVWXYZ",
		RunE: r.work(func(cmd *cobra.Command, args []string) error {
			return r.with(func(cl *client) error {
				resp, err := cl.reviews.GetSuspect(cmd.Context(), &pb.GetSuspectRequest{Name: suspectName(args[0])})
				if err != nil {
					return err
				}
				if *r.format == formatJSON {
					return r.json(newShownLine(resp))
				}
				return r.println(showText(resp)...)
			})
		}),
	}
}
