package keywords

import (
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/keywords/learned"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// Defaults of Options.
const (
	// DefaultThreshold lets one plain phrase make a call suspect, but not one of the
	// weak ones (我先挂了): two different weak ones may. On the labelled utterances no
	// other threshold gives a higher F1.
	DefaultThreshold = 0.5
	// DefaultMaxPause is how long a speaker may pause within a phrase. Segments of a
	// transcript that lie further apart are read as separate sentences.
	DefaultMaxPause = time.Second
)

// Options adjust a Judge. Zero values mean the defaults.
type Options struct {
	// Threshold (0..1) is the score from which on a text is suspect.
	Threshold float64
	// MaxPause is the longest silence over which a phrase may run.
	MaxPause time.Duration
	// Exact leaves out words that only sound like the lexicon's.
	Exact bool
	// Unlearned leaves the learned model out: the lexicon decides alone.
	Unlearned bool
	// Model is asked instead of the one that the program carries.
	Model *learned.Model
}

func (o Options) withDefaults() (Options, error) {
	if !(o.Threshold >= 0 && o.Threshold <= 1) {
		return o, fmt.Errorf("suspect threshold %v: use a number from 0 to 1", o.Threshold)
	}
	if o.MaxPause < 0 {
		return o, fmt.Errorf("longest pause %v: use 0 or more", o.MaxPause)
	}
	if o.Threshold == 0 {
		o.Threshold = DefaultThreshold
	}
	if o.MaxPause == 0 {
		o.MaxPause = DefaultMaxPause
	}
	return o, nil
}

// Judge finds refusals by one lexicon. It is safe for concurrent use and does not
// change once made.
type Judge struct {
	lex     *lexicon.Lexicon
	options Options
	search  *search
	vetoes  *objections
	answers *answers // nil where the lexicon has none
	model   *weigher
}

// New makes a Judge of lex. The first one in a process also unpacks the dictionary that
// all share. It fails where two phrases are the same after normalisation or nothing
// remains of a text, naming the line.
func New(lex *lexicon.Lexicon, options Options) (*Judge, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	j := &Judge{lex: lex, options: options}
	if j.search, j.vetoes, j.answers, err = compile(lex, options.Exact); err != nil {
		return nil, err
	}
	if j.model, err = newWeigher(lex, options); err != nil {
		return nil, err
	}
	j.model.discount(lex, j.search.rules)
	return j, nil
}

// Lexicon is the lexicon that the judge goes by.
func (j *Judge) Lexicon() *lexicon.Lexicon { return j.lex }

// Model is the learned model that has a say beside the lexicon, nil for none.
func (j *Judge) Model() *learned.Model { return j.model.model }

// Threshold is the score from which on a verdict is suspect.
func (j *Judge) Threshold() float64 { return j.options.Threshold }

// Text judges what a customer said, written down: as if recognised with certainty,
// and after the answer. A line's end ends a sentence.
func (j *Judge) Text(text string) Verdict {
	return j.Answer("", text)
}

// Answer judges like Text what a customer said in answer to what the agent said just before, which
// tells what a no means; "" is as Text.
func (j *Judge) Answer(agent, text string) Verdict {
	r := newReading()
	defer r.release()
	j.search.read(r, text)
	a := j.hits(r, &plain{cursor: cursor{text: text}, asked: agent})
	return j.verdict(&a)
}

// hits finds all hits, vetoed ones among them, in order of position, and the passages
// that they stand in.
func (j *Judge) hits(r *reading, from source) account {
	j.search.find(r, from.side())
	j.weighAnswers(r, from)
	m := j.model
	asked := m.asked(from.side())
	if asked {
		m.weigh(r, from.recognised())
		m.suspect(r, j.search.words)
	}
	hits, own := j.locate(r, from)
	j.vetoes.judgeAll(r, hits)
	r.excuse(hits)
	for i, c := range r.suspicions {
		if own[i].Veto == nil {
			own[i].Veto = j.vetoes.notSpoken(r, c)
		}
	}
	return r.account(hits, own)
}

// locate makes hits of the candidates and of the suspicions, in order of position, since
// where and when they lie is read on.
func (j *Judge) locate(r *reading, from source) (hits, own []judged) {
	hits, own = make([]judged, 0, len(r.candidates)), make([]judged, 0, len(r.suspicions))
	for len(hits) < len(r.candidates) || len(own) < len(r.suspicions) {
		c, k := len(hits), len(own)
		if k == len(r.suspicions) || c < len(r.candidates) &&
			r.candidates[c].start <= r.suspicions[k].start {
			hits = append(hits, r.hit(r.candidates[c], from))
		} else {
			own = append(own, r.hit(r.suspicions[k], from))
		}
	}
	return hits, own
}

// verdict settles what counts, and sums it up.
func (j *Judge) verdict(a *account) Verdict {
	s := j.model.decide(a)
	v := Verdict{Hits: make([]Hit, len(a.hits)), Score: s.score, Review: s.review,
		Lexicon: j.lex.ID()}
	for i, h := range a.hits {
		v.Hits[i] = h.Hit
	}
	v.Suspect = s.score >= j.options.Threshold && s.suffices
	return v
}
