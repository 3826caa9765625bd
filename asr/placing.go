package asr

import (
	"math"
	"strings"
	"time"
)

// segments places what was recognised in a window into the recordings: the segments of each
// piece, and the pieces of which it isn't certain what was said in them; see doubtful. A phrase
// that runs across several utterances is cut between tokens. Phrases without text are dropped.
func (w packed) segments(phrases []Phrase) (heard [][]Segment, doubts batch) {
	heard = make([][]Segment, len(w.places))
	for _, p := range phrases {
		for _, part := range w.split(p) {
			if s, ok := w.places[part.place].segment(part.phrase); ok {
				heard[part.place] = append(heard[part.place], s)
			}
		}
	}
	return heard, w.doubtful(phrases, heard)
}

// part is the bit of a phrase that was heard in one piece.
type part struct {
	phrase Phrase
	place  int
}

func (w packed) split(p Phrase) []part {
	first, last := w.callAt(middle(p.Span))
	if first == last || len(p.Tokens) == 0 {
		return []part{{p, w.indexAt(middle(p.Span))}}
	}
	var parts []part
	at := -1
	for _, t := range p.Tokens {
		// Tokens follow each other, so one whose time jumps back belongs to what the
		// one before it belongs to. The times of a phrase are better than those of its tokens, so
		// all of it belongs to one call; where it doesn't, it is in doubt.
		i := max(at, first, min(last, w.indexAt(middle(t.Span))))
		if i != at {
			parts = append(parts, part{Phrase{Span: t.Span, NoSpeechProb: p.NoSpeechProb}, i})
			at = i
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

// indexAt finds the piece at a time in the window, the nearer one in between.
func (w packed) indexAt(t time.Duration) int {
	for i := range len(w.places) - 1 {
		if t < (w.places[i].end+w.places[i+1].at)/2 {
			return i
		}
	}
	return len(w.places) - 1
}

// callAt finds the first and last piece of the call that is at a time in the window.
func (w packed) callAt(t time.Duration) (first, last int) {
	first = w.indexAt(t)
	last = first
	for first > 0 && w.places[first-1].run == w.places[last].run {
		first--
	}
	for last+1 < len(w.places) && w.places[last+1].run == w.places[first].run {
		last++
	}
	return first, last
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

// segment makes a segment of a phrase. Its times are kept within the audio of the piece, beyond
// which a model's times have no meaning.
func (at place) segment(p Phrase) (Segment, bool) {
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

func (at place) toRecording(s Span) Span {
	move := func(t time.Duration) time.Duration { return at.from + max(at.at, min(at.end, t)) - at.at }
	start := move(s.Start)
	return Span{Start: start, End: max(start, move(s.End))}
}
