package check

import (
	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Answer is the answer about one number, as JSON.
type Answer struct {
	Number  string  `json:"number"`
	Allowed bool    `json:"allowed"`
	Reason  string  `json:"reason"`
	Until   *string `json:"until"`
	Class   *string `json:"class"`
	// Freeze, Rule and the sentences, the first of which is Chinese, say more of a refusal.
	Freeze     *string `json:"freeze"`
	Rule       *string `json:"rule"`
	Sentence   *string `json:"sentence"`
	SentenceEn *string `json:"sentence_en"`
}

func (k *checker) print(a *pb.Answer) error {
	k.asked++
	line := Answer{a.GetNumber(), a.GetAllowed(), output.EnumName(a.GetReason(), "REASON_"),
		output.JSONTime(a.GetUntil()), output.OrNull(a.GetClass()),
		output.OrNull(a.GetFreeze()), output.OrNull(a.GetRule()), output.OrNull(a.GetSentenceZh()),
		output.OrNull(a.GetSentenceEn())}
	if p := a.GetError(); p != nil {
		k.wrong++
		k.Errorf("%s: %s", a.GetNumber(), p.GetMessage())
		line.Allowed, line.Reason = false, "invalid_number"
	}
	switch {
	case k.format == output.JSON:
		return k.JSON(line)
	case a.GetError() != nil:
		return nil
	}
	return k.Println(AnswerText(a))
}

// AnswerText is an answer of the server's for people.
func AnswerText(a *pb.Answer) string {
	verdict := " may not be called"
	if a.GetAllowed() {
		verdict = " may be called"
	}
	if a.GetSentenceEn() == "" {
		return a.GetNumber() + verdict
	}
	return a.GetNumber() + verdict + ": " + a.GetSentenceEn()
}
