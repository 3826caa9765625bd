package keywords

import (
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// Defaults of Options.
const (
	// DefaultThreshold lets one plain phrase make a call suspect, but not one of the
	// weak ones (我先挂了): two different weak ones may.
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
	words   *dictionary
	finder  finder
	// The finder's patterns are the phrases of rules, then compounds, then inventions.
	rules                 []rule
	compounds, inventions int
	around                around
	denial                denial
	asking                asking
}

// rule is a phrase of the lexicon made ready.
type rule struct {
	phrase string // as written
	class  Class
	asked  bool
	weight float64
	whole  bool
}

// New makes a Judge of lex. The first one in a process also unpacks the dictionary that
// all share. It fails where two phrases are the same after normalisation or nothing
// remains of a text, naming the line.
func New(lex *lexicon.Lexicon, options Options) (*Judge, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	p := preparer{seen: map[string]int{}}
	j := &Judge{lex: lex, options: options}
	patterns := j.prepareRules(&p)
	j.compounds = len(patterns)
	patterns = append(patterns, p.all(lex.Compounds)...)
	j.inventions = len(patterns)
	patterns = append(patterns, p.all(lex.Vetoes.Hallucination)...)
	j.around = newAround(&p, lex.Around)
	j.denial = newDenial(&p, lex.Vetoes.Negated)
	j.asking = newAsking(&p, lex.Vetoes.Question)
	if p.err != nil {
		return nil, fmt.Errorf("use lexicon %s: %w", lex.ID(), p.err)
	}
	if j.words, err = loadDictionary(); err != nil {
		return nil, err
	}
	j.finder = newFinder(patterns)
	return j, nil
}

func (j *Judge) prepareRules(p *preparer) (patterns []string) {
	for _, class := range j.lex.Classes {
		for _, phrase := range class.Phrases {
			patterns = append(patterns, p.once(phrase))
			j.rules = append(j.rules, rule{
				phrase: phrase.Text, class: Class(class.ID), asked: class.Asked,
				weight: phrase.Weight, whole: phrase.Whole,
			})
		}
	}
	return patterns
}

// Lexicon is the lexicon that the judge goes by.
func (j *Judge) Lexicon() *lexicon.Lexicon { return j.lex }

// Threshold is the score from which on a verdict is suspect.
func (j *Judge) Threshold() float64 { return j.options.Threshold }

// Text judges what a customer said, written down: as if recognised with certainty,
// and after the answer. A line's end ends a sentence.
func (j *Judge) Text(text string) Verdict {
	r := newReading()
	defer r.release()
	r.normal.read(text)
	hits := j.hits(r, &plain{cursor{text: text}})
	return j.verdict(hits)
}

func (j *Judge) verdict(hits []Hit) Verdict {
	score := combine(hits)
	return Verdict{Hits: hits, Score: score, Suspect: score >= j.options.Threshold, Lexicon: j.lex.ID()}
}
