package review

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newList(r *command) *cobra.Command {
	l := lister{command: r}
	var state string
	var all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List suspects that wait for a decision", Args: usage.NoArgs,
		Long: "List suspects that wait for a decision: open ones, then claimed ones. --all lists " +
			"decided ones, too,\n" +
			"and --state those in one state. Oldest first, each time. Of some it is hidden until " +
			"the decision\n" +
			"what was found (blind): some of them are calls in which nothing was found. --disputed " +
			"lists those\n" +
			"on which two reviewers decided differently. --decided-since and --decided-until list those\n" +
			"that were decided in that time, of all states.",
		Example: "  refrain review list\n  refrain review list --state confirmed --limit 20\n" +
			"  refrain review list --all --class complaint --format json\n" +
			"  refrain review list --all --same-number-as suspects/01K3ABCDEFGHJKMNPQRSTVWXYZ",
		RunE: r.Action(func(cmd *cobra.Command, _ []string) error {
			if err := l.choose(state, all); err != nil {
				return err
			}
			if err := l.filter.read(); err != nil {
				return err
			}
			var err error
			if l.decidedFrom, l.decidedBefore, err = l.decided.Read(); err != nil {
				return err
			}
			return r.with(func(cl *client.Client) error { return l.run(cmd.Context(), cl) })
		}),
	}
	cmd.Flags().StringVar(&state, "state", "", "only those in this `state`: open, claimed, "+
		"confirmed or dismissed")
	cmd.Flags().BoolVar(&all, "all", false, "also those that are confirmed or dismissed")
	cmd.Flags().BoolVar(&l.disputed, "disputed", false, "only those on which a second reviewer "+
		"decided otherwise")
	cmd.MarkFlagsMutuallyExclusive("state", "all", "disputed")
	l.decided.Of = "decided"
	l.decided.Flags(cmd, "only those decided")
	cmd.Flags().BoolVar(&l.mine, "mine", false, "only those that you claimed or decided, or that wait for you again")
	cmd.Flags().StringVar(&l.number, "number", "", "only those of this `number`")
	usage.SameNumberFlag(cmd, &l.sameAs)
	l.filter.flags(cmd)
	cmd.Flags().IntVar(&l.limit, "limit", 0, "at most so `many`; 0 for all")
	return cmd
}

// lister is one run of review list.
type lister struct {
	*command
	states  []pb.Suspect_State // one after the other
	waiting bool               // they are those that wait for a decision
	filter
	mine                       bool
	number, sameAs             string
	decided                    usage.Span
	decidedFrom, decidedBefore *timestamppb.Timestamp
	// disputed lists those on which two reviewers decided differently.
	disputed bool
	limit    int // 0 for none
	seen     int
}

// choose chooses the states to list: one, all, or those that wait for a decision.
func (l *lister) choose(state string, all bool) error {
	n, ok := pb.Suspect_State_value["STATE_"+strings.ToUpper(state)]
	if state != "" && (!ok || n == 0) {
		return usage.Errorf("--state %q is no state; use open, claimed, confirmed or dismissed",
			state)
	}
	decided := l.decided.Given()
	if s := pb.Suspect_State(n); decided && (s == pb.Suspect_STATE_OPEN || s == pb.Suspect_STATE_CLAIMED) {
		return usage.Errorf("--state %s can't go with --decided-since and --decided-until: those wait for a decision", state)
	}
	if l.limit < 0 {
		return usage.Errorf("--limit is %d; it must be 0 (no limit) or more", l.limit)
	}
	l.states, l.waiting = []pb.Suspect_State{pb.Suspect_State(n)}, !all && !decided && !l.disputed && state == ""
	if l.waiting {
		l.states = []pb.Suspect_State{pb.Suspect_STATE_OPEN, pb.Suspect_STATE_CLAIMED}
	}
	return nil
}

func (l *lister) run(ctx context.Context, cl *client.Client) error {
	rows := l.rows()
	for _, state := range l.states {
		if err := l.list(ctx, cl, rows, &pb.ListSuspectsRequest{State: state,
			Class: l.class, Line: l.line, Disputed: l.disputed, Agent: l.agent, MinScore: l.minScore,
			MaxScore: l.maxScore, StartCreateTime: l.since, EndCreateTime: l.until, StartCallTime: l.called,
			EndCallTime: l.before, StartDecideTime: l.decidedFrom, EndDecideTime: l.decidedBefore, Mine: l.mine,
			Passed: l.passed, Order: l.by, Number: l.number, SameNumberAs: l.sameAs}); err != nil {
			return err
		}
	}
	switch {
	case l.seen > 0 || *l.format == output.JSON:
		return nil
	case l.waiting:
		return l.Println("no suspects wait for a decision; see those decided with --all")
	}
	if l.disputed {
		return l.Println("no suspects on which two reviewers decided differently")
	}
	return l.Println("no suspects")
}

// list pages through the suspects.
func (l *lister) list(
	ctx context.Context, cl *client.Client, rows *console.Listing[*pb.Suspect, Line], req *pb.ListSuspectsRequest,
) error {
	const page = 500
	for l.limit == 0 || l.seen < l.limit {
		req.PageSize = page
		if l.limit > 0 {
			req.PageSize = int32(min(page, l.limit-l.seen))
		}
		resp, err := cl.Reviews.ListSuspects(ctx, req)
		if err != nil {
			return err
		}
		if err := rows.Page(resp.GetSuspects()); err != nil {
			return err
		}
		l.seen += len(resp.GetSuspects())
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			return nil
		}
	}
	return nil
}

func (r *command) rows() *console.Listing[*pb.Suspect, Line] {
	return &console.Listing[*pb.Suspect, Line]{
		Console: r.Console, Format: *r.format, Line: newLine,
		Columns: []string{"SUSPECT", "STATE", "CLASS", "SCORE", "NUMBER", "CALLED", "CALL", "AGENT", "LINE",
			"FOUND", "SAID"},
		Row: func(s *pb.Suspect) []string {
			class, score, said := foundText(s)
			return []string{SuspectID(s.GetName()), output.EnumName(s.GetState(), "STATE_"), class, score,
				s.GetMaskedNumber(), output.TextTime(s.GetCallStartTime()), s.GetCallId(), s.GetAgent(),
				s.GetLine(), output.TextTime(s.GetCreateTime()), said}
		},
	}
}

// hidden reports whether it is hidden what was found.
func hidden(s *pb.Suspect) bool { return s.GetBlind() && s.GetDecision() == nil }

// foundText is what was found in a suspect.
func foundText(s *pb.Suspect) (class, score, said string) {
	if hidden(s) {
		return "(blind)", "-", ""
	}
	said = transcript.Strongest(s.GetHits(), s.GetClass()).GetText()
	if l := s.GetSecondLook(); l != nil && l.GetVerdict() != s.GetDecision().GetVerdict() {
		said += fmt.Sprintf(" (%s by %s)", output.EnumName(l.GetVerdict(), "VERDICT_"), l.GetReviewer())
	}
	return s.GetClass(), fmt.Sprintf("%.2f", s.GetScore()), strings.TrimSpace(said)
}
