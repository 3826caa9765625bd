package reprocess

import (
	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Line is a run as JSON. Times are RFC 3339, null where there is none.
type Line struct {
	Run       string        `json:"run"`
	State     string        `json:"state"`
	Apply     bool          `json:"apply"`
	Speech    bool          `json:"speech"`
	Lexicon   string        `json:"lexicon"`
	Trial     bool          `json:"trial"`
	Cap       int32         `json:"cap"`
	Actor     string        `json:"actor"`
	Problem   *string       `json:"problem"`
	Selection selectionLine `json:"selection"`
	Total     int64         `json:"total"`
	Done      int64         `json:"done"`
	Tally     tallyLine     `json:"tally"`
	CreatedAt *string       `json:"created_at"`
	StartedAt *string       `json:"started_at"`
	EndedAt   *string       `json:"ended_at"`
}

type selectionLine struct {
	Since   *string `json:"since"`
	Until   *string `json:"until"`
	Agent   *string `json:"agent"`
	Line    *string `json:"line"`
	Source  *string `json:"source"`
	Class   *string `json:"class"`
	Lexicon *string `json:"lexicon"`
	Suspect *string `json:"suspect"`
}

type tallyLine struct {
	SuspectsBefore int64                `json:"suspects_before"`
	Suspects       int64                `json:"suspects"`
	Gained         int64                `json:"gained"`
	Lost           int64                `json:"lost"`
	OtherClass     int64                `json:"other_class"`
	Rescored       int64                `json:"rescored"`
	Failed         int64                `json:"failed"`
	ByClass        map[string]classLine `json:"by_class"`
	Applied        int64                `json:"applied"`
	Opened         int64                `json:"opened"`
	Waiting        int64                `json:"waiting"`
	Decided        int64                `json:"decided"`
	Outdated       int64                `json:"outdated"`
	Reviewed       reviewedLine         `json:"reviewed"`
}

// reviewedLine compares with what reviewers have decided.
type reviewedLine struct {
	Confirmed     int64 `json:"confirmed"`
	ConfirmedLost int64 `json:"confirmed_lost"`
	Dismissed     int64 `json:"dismissed"`
	DismissedLost int64 `json:"dismissed_lost"`
	Refusals      int64 `json:"refusals"`
	RefusalsFound int64 `json:"refusals_found"`
	Others        int64 `json:"others"`
	OthersRaised  int64 `json:"others_raised"`
	// Those that are no suspects now, and would be again.
	ConfirmedGained int64 `json:"confirmed_gained"`
	DismissedGained int64 `json:"dismissed_gained"`
}

type classLine struct {
	Gained int64 `json:"gained"`
	Lost   int64 `json:"lost"`
}

// ChangeLine is a verdict that changes as JSON.
type ChangeLine struct {
	Recording   string  `json:"recording"`
	CallID      string  `json:"call_id"`
	Part        string  `json:"part"`
	Number      string  `json:"number"` // masked
	CalledAt    *string `json:"called_at"`
	Kind        string  `json:"kind"`
	Fate        string  `json:"fate"`
	Class       string  `json:"class"`
	Score       float64 `json:"score"`
	ClassBefore string  `json:"class_before"`
	ScoreBefore float64 `json:"score_before"`
	Text        string  `json:"text"`
	Suspect     *string `json:"suspect"`
	OpenedAt    *string `json:"opened_at"`
	Decision    *string `json:"decision"`
}

func newLine(r *pb.Run) Line {
	return Line{
		Run: r.GetName(), State: stateName(r), Apply: r.GetApply(), Speech: r.GetSpeech(),
		Lexicon: r.GetLexicon(), Trial: r.GetTrial(), Cap: r.GetMaxSuspectsPerDay(), Actor: r.GetActor(),
		Problem: output.OrNull(r.GetProblem()), Selection: newSelectionLine(r.GetSelection()),
		Total: r.GetTotal(), Done: r.GetDone(), Tally: newTallyLine(r.GetTally()),
		CreatedAt: output.JSONTime(r.GetCreateTime()), StartedAt: output.JSONTime(r.GetStartTime()),
		EndedAt: output.JSONTime(r.GetEndTime()),
	}
}

func newSelectionLine(s *pb.RunSelection) selectionLine {
	l := selectionLine{
		Since: output.JSONTime(s.GetStartTime()), Until: output.JSONTime(s.GetEndTime()),
		Agent: output.OrNull(s.GetAgent()), Line: output.OrNull(s.GetLine()),
		Source: output.OrNull(s.GetSource()), Class: output.OrNull(s.GetClass()),
		Lexicon: output.OrNull(s.GetLexicon()),
	}
	if s.GetSuspectState() != 0 {
		l.Suspect = output.OrNull(output.EnumName(s.GetSuspectState(), "SUSPECT_STATE_"))
	}
	return l
}

func newTallyLine(t *pb.RunTally) tallyLine {
	l := tallyLine{
		SuspectsBefore: t.GetSuspectsBefore(), Suspects: t.GetSuspects(), Gained: t.GetGained(),
		Lost: t.GetLost(), OtherClass: t.GetOtherClass(), Rescored: t.GetRescored(),
		Failed: t.GetFailed(), ByClass: map[string]classLine{}, Applied: t.GetApplied(),
		Opened: t.GetOpened(), Waiting: t.GetWaiting(), Decided: t.GetDecided(),
		Outdated: t.GetOutdated(), Reviewed: newReviewedLine(t.GetReviewed()),
	}
	for class, n := range t.GetClasses() {
		l.ByClass[class] = classLine{n.GetGained(), n.GetLost()}
	}
	return l
}

func newReviewedLine(r *pb.RunReviewed) reviewedLine {
	return reviewedLine{r.GetConfirmed(), r.GetConfirmedLost(), r.GetDismissed(), r.GetDismissedLost(), r.GetRefusals(),
		r.GetRefusalsFound(), r.GetOthers(), r.GetOthersRaised(), r.GetConfirmedGained(), r.GetDismissedGained()}
}

func newChangeLine(x *pb.RunChange) ChangeLine {
	l := ChangeLine{
		Recording: x.GetRecording(), CallID: x.GetCallId(), Part: x.GetPart(),
		Number: x.GetMaskedNumber(), CalledAt: output.JSONTime(x.GetCallTime()),
		Kind: output.EnumName(x.GetKind(), "KIND_"), Fate: output.EnumName(x.GetFate(), "FATE_"),
		Class: x.GetClass(), Score: output.Ratio(x.GetScore()), ClassBefore: x.GetClassBefore(),
		ScoreBefore: output.Ratio(x.GetScoreBefore()), Text: x.GetText(),
		Suspect: output.OrNull(x.GetSuspect()), OpenedAt: output.JSONTime(x.GetOpenTime()),
	}
	if x.GetDecision() != 0 {
		l.Decision = output.OrNull(output.EnumName(x.GetDecision(), "DECISION_"))
	}
	return l
}
