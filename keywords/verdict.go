package keywords

import "github.com/refrain-asr/refrain/asr"

// Class is what a refusal means: the id of a class of the lexicon.
type Class string

// MatchKind says how a hit was found.
type MatchKind string

// The ways to match. MatchPinyin marks words that only sound like the phrase, MatchLearned
// what the learned model takes for a refusal without any phrase, MatchAnswer a no that is one as
// the agent asked for it.
const (
	MatchExact   MatchKind = "exact"
	MatchPinyin  MatchKind = "pinyin"
	MatchLearned MatchKind = "learned"
	MatchAnswer  MatchKind = "answer"
)

// VetoReason is why a would-be hit does not count.
type VetoReason string

// The reasons for a veto.
const (
	VetoNegated       VetoReason = "negated"        // 不是没兴趣
	VetoQuestion      VetoReason = "question"       // 不需要押金吗
	VetoCondition     VetoReason = "condition"      // 如果不需要抵押
	VetoReported      VetoReason = "reported"       // somebody else's words
	VetoNarrowed      VetoReason = "narrowed"       // one variant refused, another wanted
	VetoDeferred      VetoReason = "deferred"       // not now: 晚点再打
	VetoSetPhrase     VetoReason = "set_phrase"     // 不用客气 merely contains 不用
	VetoEcho          VetoReason = "echo"           // the agent's voice on the customer's track
	VetoHallucination VetoReason = "hallucination"  // what Whisper invents on silence
	VetoAnnouncement  VetoReason = "announcement"   // a carrier's or an assistant's voice
	VetoOtherQuestion VetoReason = "other_question" // 不用, but the agent had asked 需要发票吗
	VetoWindow        VetoReason = "window"         // outside the class's first or last seconds
	VetoBeforeAnswer  VetoReason = "before_answer"  // heard before the call was answered
)

// Veto explains why a would-be hit does not count.
type Veto struct {
	Reason VetoReason `json:"reason"`
	// Text is the passage that speaks against the hit, normalised; empty for
	// before_answer, window, and an echo that was recognised by its sound.
	Text string `json:"text"`
}

// Hit is one match of a class.
type Hit struct {
	Class Class `json:"class"`
	// Phrase is the lexicon's phrase or pattern that matched, as it is written there;
	// empty for a learned match.
	Phrase string `json:"phrase"`
	// Text is the original text that matched.
	Text string `json:"text"`
	// Start and End are offsets in characters (runes), End exclusive, in the text
	// that was judged: the line, or the text of the segment with index Segment. A hit
	// that runs on into the next segment ends here with its own; Text and Time have all
	// of it. An invalid byte of UTF-8 counts as one character.
	Start int `json:"start"`
	End   int `json:"end"`
	// Segment is the index of the transcript's segment, 0 for plain text.
	Segment int `json:"segment"`
	// Time is where in the recording the text was said; zero for plain text.
	Time  asr.Span  `json:"time"`
	Match MatchKind `json:"match"`
	// Score (0..1) is how surely this hit is a refusal of its class.
	Score float64 `json:"score"`
	// AgentLikeness is how much (0..1) of the utterance is the agent's voice, given back by the
	// customer's loudspeaker; nil where that is not known.
	AgentLikeness *float64 `json:"agent_likeness,omitempty"`
	// Asked are the agent's words that make an answer a refusal, normalised; else empty.
	Asked string `json:"asked,omitempty"`
	// Veto is nil for a hit that counts.
	Veto *Veto `json:"veto"`
}

// Verdict is the outcome of reading one text or transcript.
type Verdict struct {
	// Hits are in order of position, vetoed ones among them.
	Hits []Hit `json:"hits"`
	// Score (0..1) is how surely the customer refused.
	Score float64 `json:"score"`
	// Suspect is true when the hits that no veto removed reach the threshold.
	Suspect bool `json:"suspect"`
	// Review is true where a hit counts: then a person must confirm before a number is
	// frozen.
	Review bool `json:"review"`
	// Lexicon is the ID of the lexicon that was used: version and checksum.
	Lexicon string `json:"lexicon"`
	// Answers are when the customer said no where the agent's question may say what that means.
	// They are not kept.
	Answers []asr.Span `json:"-"`
	// AnsweredBy is who or what answered the call; empty for plain text, where it can't be told,
	// and in verdicts from before it was.
	AnsweredBy Answerer `json:"answered_by,omitempty"`
}
