package review

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newShow(r *command) *cobra.Command {
	return &cobra.Command{
		Use: "show SUSPECT", Short: "Show a suspect with its transcript and decisions",
		Args:    usage.OneArg("SUSPECT"),
		Example: "  refrain review show 01K3ABCDEFGHJKMNPQRSTVWXYZ",
		RunE: r.Action(func(cmd *cobra.Command, args []string) error {
			return r.with(func(cl *client.Client) error {
				name, err := suspectName(cmd.Context(), cl, args[0])
				if err != nil {
					return err
				}
				resp, err := cl.Reviews.GetSuspect(cmd.Context(), &pb.GetSuspectRequest{Name: name})
				if err != nil {
					return client.See(err, "refrain review list")
				}
				return r.show(cmd.Context(), cl, resp)
			})
		}),
	}
}

// show prints a suspect with all that is known of it.
func (r *command) show(ctx context.Context, cl *client.Client, resp *pb.GetSuspectResponse) error {
	defects, err := transcript.DefectsOf(ctx, cl.Recordings, resp.GetSuspect().GetRecording())
	if err != nil {
		return err
	}
	if *r.format == output.JSON {
		return r.JSON(newShownLine(resp, defects))
	}
	return r.Println(append(showText(resp), transcript.DefectText(defects)...)...)
}

// showText is a suspect for people: what it is, what was said, what was decided.
func showText(resp *pb.GetSuspectResponse) []string {
	s, t := resp.GetSuspect(), resp.GetTranscript()
	lines := []string{
		headText(s),
		fmt.Sprintf("call %s of %s  number %s  agent %s  line %s  found %s",
			number.MaskName(callText(s)), cmp.Or(output.TextTime(s.GetCallStartTime()), "an unknown time"),
			s.GetMaskedNumber(), number.MaskName(cmp.Or(s.GetAgent(), "unknown")),
			number.MaskName(cmp.Or(s.GetLine(), "unknown")), output.TextTime(s.GetCreateTime())),
		fmt.Sprintf("%s  heard by %s (%s)", s.GetRecording(), t.GetModel(), t.GetEngine()),
	}
	if t.GetDemoModel() {
		lines = append(lines, "The demo model heard this: it is for trying and testing, and must "+
			"not be relied upon.")
	}
	if s.GetFreezeStartTime() != nil {
		lines = append(lines, "A confirmation freezes from the call on, "+
			output.TextTime(s.GetFreezeStartTime())+", as it was judged long after it.")
	}
	lines = append(append(lines, ""), transcript.RemoteText(t, resp.GetAgentTranscript(),
		s.GetHits())...)
	if c := s.GetClaim(); c != nil {
		lines = append(lines, "", fmt.Sprintf("claimed by %s until %s", c.GetReviewer(),
			output.TextEnd(c.GetExpireTime())))
	}
	if p := s.GetPass(); p != nil {
		lines = append(lines, "", fmt.Sprintf("left to a supervisor by %s, %s: %s", p.GetReviewer(),
			output.TextTime(p.GetPassTime()), p.GetNote()))
	}
	lines = append(lines, numberText(resp)...)
	for _, d := range resp.GetDecisions() {
		lines = append(lines, "", historyText(d))
	}
	if a := s.GetAppeal(); a != nil {
		lines = append(lines, "", fmt.Sprintf("appealed by %s, %s (%s): %s", a.GetActor(),
			output.TextTime(a.GetAppealTime()), output.EnumName(a.GetState(), "STATE_"), a.GetReason()))
	}
	if l := s.GetSecondLook(); l != nil {
		lines = append(lines, "", fmt.Sprintf("second look (%s): %s by %s", l.GetName(),
			strings.TrimSpace(output.EnumName(l.GetVerdict(), "VERDICT_")+" "+l.GetClass()),
			l.GetReviewer()))
	}
	if hidden(s) {
		lines = append(lines, "", "Judge by what is said: what was found is hidden until you decide, "+
			"if anything was. Confirm with --class.")
	}
	return lines
}

// numberText is what is known of the suspect's number besides.
func numberText(resp *pb.GetSuspectResponse) (lines []string) {
	s := resp.GetSuspect()
	if f := s.GetFrozen(); f != nil && f.GetFreeze() != s.GetDecision().GetFreeze() {
		lines = append(lines, fmt.Sprintf("its number is frozen until %s: %s (%s)", output.TextEnd(f.GetEndTime()),
			cmp.Or(f.GetClass(), f.GetReason()), f.GetFreeze()))
	}
	if n := s.GetSiblingCount(); n > 0 {
		lines = append(lines, fmt.Sprintf("other suspects of its number that wait: %d", n))
	}
	if n := resp.GetEarlierCallCount(); n > 0 {
		lines = append(lines, fmt.Sprintf("earlier calls to it: %d", n))
	}
	for _, c := range resp.GetEarlierCalls() {
		lines = append(lines, fmt.Sprintf("  %s  %s  agent %s", output.TextTime(c.GetStartTime()),
			output.EnumName(c.GetOutcome(), "OUTCOME_"), number.MaskName(cmp.Or(c.GetAgent(), "unknown"))))
	}
	for _, d := range resp.GetEarlierDecisions() {
		lines = append(lines, fmt.Sprintf("decided before (%s): %s", SuspectID(d.GetSuspect()),
			historyText(d.GetDecision())))
	}
	if len(lines) > 0 {
		lines = append([]string{""}, lines...)
	}
	return lines
}

// headText says what a suspect is.
func headText(s *pb.Suspect) string {
	head := fmt.Sprintf("%s  %s", s.GetName(), output.EnumName(s.GetState(), "STATE_"))
	switch {
	case hidden(s):
		return head + "  blind"
	case s.GetKind() == pb.Suspect_KIND_SAMPLE:
		return head + "  a sample: nothing that counts was found in it"
	case s.GetKind() == pb.Suspect_KIND_SECOND_LOOK:
		head += "  a second look at " + s.GetFirst()
	}
	return head + fmt.Sprintf("  %s  score %.2f", s.GetClass(), s.GetScore())
}

func callText(s *pb.Suspect) string {
	if s.GetPart() == "" {
		return s.GetCallId()
	}
	return s.GetCallId() + ", part " + s.GetPart()
}

func historyText(d *pb.Decision) string {
	text := fmt.Sprintf("round %d: %s by %s, %s", d.GetRound(),
		output.EnumName(d.GetVerdict(), "VERDICT_"), d.GetReviewer(),
		output.TextTime(d.GetDecideTime()))
	switch {
	case d.GetFreezeOverTime() != nil:
		text += fmt.Sprintf(" as %s (no freeze: counted from the call, it was over at %s)", d.GetClass(),
			output.TextTime(d.GetFreezeOverTime()))
	case d.GetClass() != "":
		text += fmt.Sprintf(" as %s (%s)", d.GetClass(), d.GetFreeze())
	}
	if d.GetNote() != "" {
		text += ": " + d.GetNote()
	}
	if r := d.GetReversal(); r != nil {
		text += fmt.Sprintf("\n  taken back by %s, %s: %s", r.GetReviewer(),
			output.TextTime(r.GetRevertTime()), r.GetReason())
	}
	return text
}
