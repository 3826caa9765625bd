package asr

import (
	"math"
	"strings"
	"time"
)

// segments places what was recognised in a window into the recording. A phrase
// that runs across several utterances is cut between tokens. Phrases without text
// are dropped.
func (w packed) segments(phrases []Phrase) []Segment {
	var out []Segment
	for _, p := range phrases {
		for _, part := range w.split(p) {
			if s, ok := w.place(part.phrase, part.place); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// part is the piece of a phrase that was heard in one utterance.
type part struct {
	phrase Phrase
	place  place
}

func (w packed) split(p Phrase) []part {
	if len(w.places) == 1 || len(p.Tokens) == 0 {
		return []part{{p, w.places[w.indexAt(middle(p.Span))]}}
	}
	var parts []part
	last := -1
	for _, t := range p.Tokens {
		// Tokens follow each other, so one whose time jumps back belongs to what the
		// one before it belongs to.
		i := max(last, w.indexAt(middle(t.Span)))
		if i != last {
			parts = append(parts, part{Phrase{Span: t.Span, NoSpeechProb: p.NoSpeechProb},
				w.places[i]})
			last = i
		}
		q := &parts[len(parts)-1].phrase
		q.Tokens = append(q.Tokens, t)
		q.End = max(q.End, t.End)
	}
	if len(parts) == 1 {
		parts[0].phrase = p
		return parts
	}
	for i := range parts {
		retell(&parts[i].phrase)
	}
	return parts
}

// indexAt finds the utterance at a time in the window, the nearer one in between.
func (w packed) indexAt(t time.Duration) int {
	for i := range len(w.places) - 1 {
		if t < (w.places[i].end+w.places[i+1].at)/2 {
			return i
		}
	}
	return len(w.places) - 1
}

func middle(s Span) time.Duration { return s.Start + s.Duration()/2 }

// retell makes a piece's text and probability from its tokens.
func retell(p *Phrase) {
	var text strings.Builder
	sum := 0.0
	for _, t := range p.Tokens {
		text.WriteString(t.Text)
		sum += math.Log(max(t.Prob, 1e-10))
	}
	p.Text = text.String()
	p.MeanLogProb = sum / float64(len(p.Tokens))
}

// place makes a segment of a phrase. Its times are kept within the audio of the
// utterance, beyond which a model's times have no meaning.
func (w packed) place(p Phrase, at place) (Segment, bool) {
	text := strings.TrimSpace(p.Text)
	if text == "" {
		return Segment{}, false
	}
	s := Segment{
		Span:         at.toRecording(p.Span),
		Text:         text,
		Tokens:       make([]Token, len(p.Tokens)),
		Original:     original(p.Tokens),
		MeanLogProb:  p.MeanLogProb,
		NoSpeechProb: p.NoSpeechProb,
		Utterance:    at.utterance,
		SNR:          &at.snr,

		AgentLikeness: at.likeness,
	}
	for i, t := range p.Tokens {
		t.Span = at.toRecording(t.Span)
		s.Tokens[i] = t
	}
	return s, true
}

func (p place) toRecording(s Span) Span {
	move := func(t time.Duration) time.Duration { return p.from + max(p.at, min(p.end, t)) - p.at }
	start := move(s.Start)
	return Span{Start: start, End: max(start, move(s.End))}
}
