package reprocess

import (
	"fmt"
	"maps"
	"slices"

	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// printRun prints a run with what it found.
func (r *command) printRun(run *pb.Run) error {
	if *r.format == output.JSON {
		return r.JSON(newLine(run))
	}
	return r.Println(runText(run)...)
}

// runText is a run for people.
func runText(run *pb.Run) []string {
	t := run.GetTally()
	lines := []string{
		fmt.Sprintf("%s  %s  %d of %d judged again by lexicon %s", runID(run), stateName(run),
			run.GetDone(), run.GetTotal(), run.GetLexicon()),
	}
	if run.GetProblem() != "" {
		lines = append(lines, run.GetProblem())
	}
	if run.GetDone() == 0 {
		return lines
	}
	lines = append(lines, fmt.Sprintf("suspects %d -> %d: %d gained, %d lost, %d of another class; %d with "+
		"another score", t.GetSuspectsBefore(), t.GetSuspects(), t.GetGained(), t.GetLost(),
		t.GetOtherClass(), t.GetRescored()))
	for _, class := range slices.Sorted(maps.Keys(t.GetClasses())) {
		n := t.GetClasses()[class]
		lines = append(lines, fmt.Sprintf("  %s: %d gained, %d lost", class, n.GetGained(), n.GetLost()))
	}
	lines = append(lines, reviewedText(t.GetReviewed())...)
	if t.GetFailed() > 0 {
		lines = append(lines, fmt.Sprintf("%d could not be judged; see: refrain reprocess changes %s --kind failed",
			t.GetFailed(), runID(run)))
	}
	return append(lines, doneText(run))
}

// reviewedText compares with what reviewers have decided, where they have.
func reviewedText(r *pb.RunReviewed) (lines []string) {
	if r.GetConfirmed()+r.GetDismissed() > 0 {
		lines = append(lines, fmt.Sprintf("of %d confirmed suspects %d would be lost, of %d dismissed ones %d",
			r.GetConfirmed(), r.GetConfirmedLost(), r.GetDismissed(), r.GetDismissedLost()))
	}
	if r.GetConfirmedGained()+r.GetDismissedGained() > 0 {
		lines = append(lines, fmt.Sprintf("of decided suspects that are none now %d confirmed and %d dismissed ones would be again",
			r.GetConfirmedGained(), r.GetDismissedGained()))
	}
	if r.GetRefusals()+r.GetOthers() > 0 {
		lines = append(lines, fmt.Sprintf("of %d blind samples with a refusal %d would be found; of %d others %d would be suspects",
			r.GetRefusals(), r.GetRefusalsFound(), r.GetOthers(), r.GetOthersRaised()))
	}
	return lines
}

// doneText says what was done about the changes.
func doneText(run *pb.Run) string {
	t := run.GetTally()
	if !run.GetApply() {
		if run.GetTrial() {
			return "nothing was changed; refrain lexicon activate puts the lexicon in force"
		}
		return "nothing was changed; --apply stores the new verdicts and opens suspects"
	}
	text := fmt.Sprintf("%d verdicts stored, %d suspects opened", t.GetApplied(), t.GetOpened())
	if t.GetWaiting() > 0 {
		text += fmt.Sprintf(", %d wait for the next days (%d a day)", t.GetWaiting(), run.GetMaxSuspectsPerDay())
	}
	if t.GetDecided() > 0 {
		text += fmt.Sprintf("; %d left alone, as reviewers have decided", t.GetDecided())
	}
	if t.GetOutdated() > 0 {
		text += fmt.Sprintf("; %d judged anew meanwhile", t.GetOutdated())
	}
	return text
}
