package review

import (
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// Line is a suspect as JSON. Times are RFC 3339, hits' places are seconds.
type Line struct {
	Suspect   string           `json:"suspect"`
	Recording string           `json:"recording"`
	CallID    string           `json:"call_id"`
	Part      string           `json:"part"`
	Number    string           `json:"number"` // masked
	Agent     string           `json:"agent"`
	Line      string           `json:"line"`
	State     string           `json:"state"`
	Round     int32            `json:"round"`
	Class     string           `json:"class"`
	Score     float64          `json:"score"`
	Hits      []transcript.Hit `json:"hits"`
	Lexicon   string           `json:"lexicon"`
	// FreezeFrom is when a freeze begins, null for with the decision.
	FreezeFrom *string       `json:"freeze_from"`
	Claim      *claimLine    `json:"claim"`
	Decision   *decisionLine `json:"decision"`
	CreatedAt  *string       `json:"created_at"`
	UpdatedAt  *string       `json:"updated_at"`
	// Blind says that class, score and hits are left out until it is decided.
	Blind bool `json:"blind"`
	// Kind is suspect, sample or second_look, null until it is decided.
	Kind *string `json:"kind"`
	// First is the suspect that a second look repeats, null for others.
	First *string `json:"first"`
	// SecondLook is how somebody else decided on the same call, null where nobody did.
	SecondLook *lookLine `json:"second_look"`
	// StartedAt is when the call began, null where nobody said it.
	StartedAt *string `json:"started_at"`
	// ShortID is the end of the id, which is enough to name it.
	ShortID string `json:"short_id"`
	// Frozen is what keeps its number from being called now, null where nothing does.
	Frozen *frozenLine `json:"frozen"`
	// Siblings are how many other suspects of its number wait.
	Siblings int32 `json:"siblings"`
	// Passed is who left it to a supervisor, null where nobody did.
	Passed *passLine `json:"passed"`
	// Appeal is who appealed the decision, null where nobody did.
	Appeal *appealLine `json:"appeal"`
}

type frozenLine struct {
	Freeze string  `json:"freeze"`
	Until  *string `json:"until"`
	Reason string  `json:"reason"`
	Class  *string `json:"class"`
}

type passLine struct {
	Reviewer string  `json:"reviewer"`
	PassedAt *string `json:"passed_at"`
	Note     string  `json:"note"`
}

type appealLine struct {
	Actor      string  `json:"actor"`
	AppealedAt *string `json:"appealed_at"`
	Reason     string  `json:"reason"`
	State      string  `json:"state"`
}

// addQueue adds what reviewers do with it, and how its number stands.
func (l *Line) addQueue(s *pb.Suspect) {
	l.ShortID, l.Siblings = s.GetShortId(), s.GetSiblingCount()
	if f := s.GetFrozen(); f != nil {
		l.Frozen = &frozenLine{f.GetFreeze(), output.JSONTime(f.GetEndTime()), f.GetReason(),
			output.OrNull(f.GetClass())}
	}
	if p := s.GetPass(); p != nil {
		l.Passed = &passLine{p.GetReviewer(), output.JSONTime(p.GetPassTime()), p.GetNote()}
	}
	if a := s.GetAppeal(); a != nil {
		l.Appeal = &appealLine{a.GetActor(), output.JSONTime(a.GetAppealTime()), a.GetReason(),
			output.EnumName(a.GetState(), "STATE_")}
	}
}

type lookLine struct {
	Suspect  string  `json:"suspect"`
	Verdict  string  `json:"verdict"`
	Class    *string `json:"class"`
	Reviewer string  `json:"reviewer"`
}

type claimLine struct {
	Reviewer string  `json:"reviewer"`
	Until    *string `json:"until"`
}

type decisionLine struct {
	Decision  string  `json:"decision"`
	Round     int32   `json:"round"`
	Verdict   string  `json:"verdict"`
	Class     *string `json:"class"`
	Reviewer  string  `json:"reviewer"`
	DecidedAt *string `json:"decided_at"`
	Note      string  `json:"note"`
	Freeze    *string `json:"freeze"`
	// FreezeOver is when the freeze would have been over, where none was opened for that.
	FreezeOver *string       `json:"freeze_over"`
	Reversal   *reversalLine `json:"reversal"`
}

type reversalLine struct {
	Reviewer   string  `json:"reviewer"`
	RevertedAt *string `json:"reverted_at"`
	Reason     string  `json:"reason"`
}

// ShownLine is a suspect with all that review show prints of it.
type ShownLine struct {
	Line
	Transcript *transcript.Track `json:"transcript"`
	Decisions  []decisionLine    `json:"decisions"`
	// Defects are what is wrong with the recording.
	Defects []string `json:"defects"`
	// AgentTranscript is null where the agent's track was not heard.
	AgentTranscript *transcript.Track `json:"agent_transcript"`
	// EarlierCalls are the latest to its number from before, of so many.
	EarlierCalls     []earlierCall     `json:"earlier_calls"`
	EarlierCallCount int32             `json:"earlier_call_count"`
	EarlierDecisions []earlierDecision `json:"earlier_decisions"`
}

type earlierCall struct {
	Call      string   `json:"call"`
	StartedAt *string  `json:"started_at"`
	Outcome   string   `json:"outcome"`
	Talk      *float64 `json:"talk"` // seconds
	Agent     string   `json:"agent"`
	Line      string   `json:"line"`
}

type earlierDecision struct {
	Suspect   string  `json:"suspect"`
	StartedAt *string `json:"started_at"`
	decisionLine
}

func newEarlierCall(c *pb.EarlierCall) earlierCall {
	l := earlierCall{Call: c.GetName(), StartedAt: output.JSONTime(c.GetStartTime()),
		Outcome: output.EnumName(c.GetOutcome(), "OUTCOME_"), Agent: c.GetAgent(), Line: c.GetLine()}
	if c.GetTalk() != nil {
		talk := float64(output.Seconds(c.GetTalk().AsDuration()))
		l.Talk = &talk
	}
	return l
}

func newLine(s *pb.Suspect) Line {
	l := Line{
		Suspect: s.GetName(), Recording: s.GetRecording(), CallID: s.GetCallId(), Part: s.GetPart(),
		Number: s.GetMaskedNumber(),
		Agent:  s.GetAgent(), Line: s.GetLine(), State: output.EnumName(s.GetState(), "STATE_"), Round: s.GetRound(),
		Class: s.GetClass(), Score: output.Ratio(s.GetScore()),
		Hits: transcript.RemoteHits(s.GetHits()), Lexicon: s.GetLexicon(),
		FreezeFrom: output.JSONTime(s.GetFreezeStartTime()),
		CreatedAt:  output.JSONTime(s.GetCreateTime()),
		UpdatedAt:  output.JSONTime(s.GetUpdateTime()),
		Blind:      s.GetBlind(), First: output.OrNull(s.GetFirst()),
		StartedAt: output.JSONTime(s.GetCallStartTime()),
	}
	l.addQueue(s)
	if s.GetKind() != pb.Suspect_KIND_UNSPECIFIED {
		l.Kind = output.OrNull(output.EnumName(s.GetKind(), "KIND_"))
	}
	if x := s.GetSecondLook(); x != nil {
		l.SecondLook = &lookLine{x.GetName(), output.EnumName(x.GetVerdict(), "VERDICT_"),
			output.OrNull(x.GetClass()), x.GetReviewer()}
	}
	if c := s.GetClaim(); c != nil {
		l.Claim = &claimLine{c.GetReviewer(), output.JSONTime(c.GetExpireTime())}
	}
	if d := s.GetDecision(); d != nil {
		line := newDecisionLine(d)
		l.Decision = &line
	}
	return l
}

func newDecisionLine(d *pb.Decision) decisionLine {
	l := decisionLine{
		Decision: d.GetName(), Round: d.GetRound(),
		Verdict: output.EnumName(d.GetVerdict(), "VERDICT_"), Class: output.OrNull(d.GetClass()),
		Reviewer: d.GetReviewer(), DecidedAt: output.JSONTime(d.GetDecideTime()), Note: d.GetNote(),
		Freeze: output.OrNull(d.GetFreeze()), FreezeOver: output.JSONTime(d.GetFreezeOverTime()),
	}
	if r := d.GetReversal(); r != nil {
		l.Reversal = &reversalLine{r.GetReviewer(), output.JSONTime(r.GetRevertTime()),
			r.GetReason()}
	}
	return l
}

func newShownLine(resp *pb.GetSuspectResponse, d recording.Defects) ShownLine {
	l := ShownLine{
		Line:       newLine(resp.GetSuspect()),
		Transcript: transcript.NewTrack(resp.GetTranscript()),
		Decisions:  make([]decisionLine, len(resp.GetDecisions())),
		Defects:    transcript.DefectNames(d),

		AgentTranscript: transcript.NewTrack(resp.GetAgentTranscript()),
	}
	for i, d := range resp.GetDecisions() {
		l.Decisions[i] = newDecisionLine(d)
	}
	l.EarlierCallCount = resp.GetEarlierCallCount()
	l.EarlierCalls = make([]earlierCall, len(resp.GetEarlierCalls()))
	for i, c := range resp.GetEarlierCalls() {
		l.EarlierCalls[i] = newEarlierCall(c)
	}
	l.EarlierDecisions = make([]earlierDecision, len(resp.GetEarlierDecisions()))
	for i, d := range resp.GetEarlierDecisions() {
		l.EarlierDecisions[i] = earlierDecision{d.GetSuspect(), output.JSONTime(d.GetCallStartTime()),
			newDecisionLine(d.GetDecision())}
	}
	return l
}
