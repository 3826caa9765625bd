package lexicon

import (
	"cmp"
	"encoding/json"
	"math"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/keywords"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/review"
)

// pastCall is a call as it was transcribed and judged before.
type pastCall struct {
	recording, number string
	transcript, agent asr.Transcript // agent has no segments where the agent wasn't heard
	answered          time.Duration
	suspect           bool
	class             string
	score             float64

	// at is when the server took it in, zero for what comes from a file.
	at time.Time
	// human says that somebody answered, found that the call was a suspect on the server, whatever
	// it is compared with.
	human, found bool
	// decision is the reviewer's, nil where there is none.
	decision *decision
}

// fromServer is what the server knows of a recording.
func fromServer(r *pb.Recording) pastCall {
	p := pastCall{
		recording: r.GetCallId(), number: r.GetMaskedNumber(),
		answered: r.GetAnswerOffset().AsDuration(),
		suspect:  r.GetJudgement().GetSuspect(), score: r.GetJudgement().GetScore(),
		class: transcript.ClassOf(r.GetJudgement().GetHits()),
		human: r.GetJudgement().GetAnsweredBy() == pb.Judgement_ANSWERER_HUMAN,
		transcript: asr.Transcript{Side: asr.Customer,
			Duration: r.GetAudio().GetDuration().AsDuration()},
	}
	if t := r.GetCreateTime(); t != nil {
		p.at = t.AsTime()
	}
	if r.GetPart() != "" {
		p.recording += "/" + r.GetPart()
	}
	p.transcript.Segments = remoteSegments(r.GetTranscript())
	if t := r.GetAgentTranscript(); t != nil {
		p.agent = asr.Transcript{Side: asr.Agent, Segments: remoteSegments(t)}
	}
	return p
}

func remoteSegments(t *pb.Transcript) (list []asr.Segment) {
	for _, s := range t.GetSegments() {
		segment := asr.Segment{Span: spanOf(s.GetSpan()), Text: s.GetText(),
			MeanLogProb: s.GetMeanLogProb(), AgentLikeness: s.AgentLikeness}
		for _, t := range s.GetTokens() {
			segment.Tokens = append(segment.Tokens,
				asr.Token{Span: spanOf(t.GetSpan()), Text: t.GetText(), Prob: t.GetProb()})
		}
		list = append(list, segment)
	}
	return list
}

func spanOf(s *pb.Span) asr.Span {
	return asr.Span{Start: s.GetStart().AsDuration(), End: s.GetEnd().AsDuration()}
}

// fromLine reads a line that transcribe printed.
func fromLine(line string) (p pastCall, good bool) {
	var l transcribe.Line
	if err := json.Unmarshal([]byte(line), &l); err != nil || l.File == "" || l.Segments == nil {
		return p, false
	}
	p = pastCall{recording: l.File, suspect: l.Suspect, score: l.Score, transcript: asr.Transcript{
		Side: cmp.Or(asr.Side(l.Track), asr.Customer), Duration: output.Duration(l.Duration),
	}}
	var hits []keywords.Hit
	for _, h := range l.Hits {
		hit := keywords.Hit{Class: keywords.Class(h.Class), Score: h.Score}
		if h.Veto != nil {
			hit.Veto = &keywords.Veto{}
		}
		hits = append(hits, hit)
	}
	p.class = string(review.Strongest(hits))
	p.transcript.Segments = localSegments(l.Segments)
	if l.AgentTranscript != nil {
		p.agent = asr.Transcript{Side: asr.Agent, Segments: localSegments(l.AgentTranscript.Segments)}
	}
	return p, true
}

func localSegments(segments []transcript.Segment) (list []asr.Segment) {
	for _, s := range segments {
		list = append(list, asr.Segment{
			Span:        asr.Span{Start: output.Duration(s.Start), End: output.Duration(s.End)},
			Text:        s.Text,
			MeanLogProb: math.Log(max(s.Confidence, leastConfidence)), AgentLikeness: s.AgentLikeness,
		})
	}
	return list
}

// leastConfidence keeps the logarithm of a confidence finite.
const leastConfidence = 1e-6
