package review

import (
	"cmp"
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
				resp, err := cl.Reviews.GetSuspect(cmd.Context(),
					&pb.GetSuspectRequest{Name: suspectName(args[0])})
				if err != nil {
					return client.See(err, "refrain review list")
				}
				defects, err := transcript.DefectsOf(cmd.Context(), cl.Recordings,
					resp.GetSuspect().GetRecording())
				if err != nil {
					return err
				}
				if *r.format == output.JSON {
					return r.JSON(newShownLine(resp, defects))
				}
				return r.Println(append(showText(resp), transcript.DefectText(defects)...)...)
			})
		}),
	}
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
	lines = append(append(lines, ""), dialogueText(resp)...)
	if c := s.GetClaim(); c != nil {
		lines = append(lines, "", fmt.Sprintf("claimed by %s until %s", c.GetReviewer(),
			output.TextEnd(c.GetExpireTime())))
	}
	for _, d := range resp.GetDecisions() {
		lines = append(lines, "", historyText(d))
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

// dialogueText is what was said and when, with the hits marked and explained.
func dialogueText(resp *pb.GetSuspectResponse) []string {
	var agent *transcript.Said
	if t := resp.GetAgentTranscript(); t != nil {
		heard := transcript.RemoteSaid(t)
		agent = &heard
	}
	customer := transcript.RemoteSaid(resp.GetTranscript()).Segments
	lines := transcript.NewDialogue(customer, agent, func(i int) ([]transcript.Mark, []transcript.Hit) {
		return foundIn(resp.GetSuspect().GetHits(), i)
	}).Text()
	if len(lines) == 0 {
		return []string{transcript.Silence}
	}
	return lines
}

// foundIn are the hits in the customer's segment i.
func foundIn(hits []*pb.Hit, i int) ([]transcript.Mark, []transcript.Hit) {
	var marks []transcript.Mark
	var found []*pb.Hit
	for _, h := range hits {
		if int(h.GetSegment()) == i {
			marks, found = append(marks, transcript.MarkOf(h)), append(found, h)
		}
	}
	return marks, transcript.RemoteHits(found)
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
