package grpcapi

import (
	"github.com/refrain-asr/refrain/gate"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// answers are those of one message of CheckNumbers.
type answers struct {
	req *pb.CheckNumbersRequest
	// says is nil where nobody asked for sentences.
	says func(class string, lang gate.Lang) string
	// misread is why a number could not be read, by its place.
	misread map[int]error
	// virtual tells of the number at a place that it stands for whoever uses it; nil for none.
	virtual func(i int) bool
	all     []*pb.Answer
	// room holds the answers themselves: one allocation instead of a thousand.
	room []pb.Answer
}

func (s *gateServer) newAnswers(req *pb.CheckNumbersRequest) *answers {
	a := &answers{req: req, misread: map[int]error{}}
	if req.GetSentences() {
		a.says = s.says
	}
	if n := len(req.GetNumbers()); !req.GetRefusedOnly() {
		a.room, a.all = make([]pb.Answer, 0, n), make([]*pb.Answer, 0, n)
	}
	return a
}

// next is room for another answer.
func (l *answers) next() *pb.Answer {
	if len(l.room) == cap(l.room) {
		l.room = make([]pb.Answer, 0, 64) // those before stay where they are
	}
	l.room = l.room[:len(l.room)+1]
	a := &l.room[len(l.room)-1]
	l.all = append(l.all, a)
	return a
}

// add takes in the answer for the number at a place, nil where it could not be read.
func (l *answers) add(i int, a *gate.Answer) {
	asked, out := l.req.GetNumbers()[i], l.next()
	switch {
	case a == nil:
		out.Number, out.Index = asked, int32(i)
		out.Error = &pb.Problem{Reason: "INVALID_NUMBER", Message: l.misread[i].Error()}
	case l.req.GetRefusedOnly():
		out.Index, out.Reason = int32(i), gateReasonToProto[a.Reason]
		out.Until, out.Freeze = timestamp(a.Until), freezeName(a.Freeze)
	default:
		fillAnswer(out, asked, a, l.says)
		if l.virtual != nil && l.virtual(i) {
			sayVirtual(out, l.says != nil)
		}
	}
}

// sayVirtual says that an answer is about nobody: the number is a virtual one.
func sayVirtual(out *pb.Answer, sentences bool) {
	out.Virtual = true
	if sentences && out.GetSentenceEn() == "" {
		out.SentenceZh = "这是虚拟号码（隐私号、中间号），查询结果与背后的客户无关，请查询真实号码。"
		out.SentenceEn = "This is a virtual number, and the answer says nothing about the customer " +
			"behind it: ask about the real number."
	}
}

var gateReasonToProto = map[gate.Reason]pb.Answer_Reason{
	gate.None:        pb.Answer_REASON_NONE,
	gate.Frozen:      pb.Answer_REASON_FROZEN,
	gate.RuleLimit:   pb.Answer_REASON_RULE_LIMIT,
	gate.OutOfHours:  pb.Answer_REASON_HOURS,
	gate.AllowListed: pb.Answer_REASON_ALLOW_LISTED,
	gate.Stale:       pb.Answer_REASON_STALE,
}

func (s *gateServer) answerToProto(asked string, a gate.Answer) *pb.Answer {
	out := &pb.Answer{}
	fillAnswer(out, asked, &a, s.says)
	return out
}

// says is what a refusal of a class says, as the lexicon in force has it.
func (s *gateServer) says(class string, lang gate.Lang) string {
	if s.tells != nil {
		return s.tells(class, lang)
	}
	return s.Lexicons.Active().Lexicon().Says(class, string(lang))
}

// fillAnswer leaves the sentences out where says is nil, as nobody asked for them.
func fillAnswer(
	out *pb.Answer, asked string, a *gate.Answer, says func(class string, lang gate.Lang) string,
) {
	out.Number, out.Allowed, out.Reason = asked, a.Allowed, gateReasonToProto[a.Reason]
	if a.Reason == gate.None {
		return
	}
	out.Class, out.Freeze, out.FreezeReason = a.Class, freezeName(a.Freeze), string(a.FreezeReason)
	out.Allowance = allowanceName(a.Allow)
	out.Rule, out.Count, out.Limit, out.Day = a.Rule, int32(a.Count), int32(a.Limit), a.Day
	out.Until = timestamp(a.Until)
	if says != nil {
		out.SentenceZh = a.Sentence(gate.Chinese, says)
		out.SentenceEn = a.Sentence(gate.English, says)
	}
}
