package keywords

import (
	"fmt"
	"slices"
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
	lex       *lexicon.Lexicon
	options   Options
	words     *dictionary
	finder    finder
	misheard  *misheard
	student   student
	rules     []rule
	around    around
	denial    denial
	asking    asking
	condition condition
	reported  reporting
}

// rule is a phrase of the lexicon made ready.
type rule struct {
	phrase   string // as written
	line     int
	class    Class
	weight   float64
	whole    bool
	suffices bool
	review   bool
	track    string
	despite  map[VetoReason]bool
	unless   []int // groups of exclusions: the class's and the phrase's own
	learned  bool  // the learned model's, without a phrase
	// first and last narrow it to stretches of the call; 0 for none.
	first, last time.Duration
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
	if j.words, err = loadDictionary(); err != nil {
		return nil, err
	}
	p := preparer{seen: map[string]int{}, finder: newFinderBuilder(), sounds: map[string]bool{}}
	j.prepareRules(&p)
	j.prepareVetoes(&p)
	if p.err != nil {
		return nil, fmt.Errorf("use lexicon %s: %w", lex.ID(), p.err)
	}
	j.finder = p.finder.build()
	if !options.Exact {
		j.misheard = newMisheard(p.sounds, j.words.cost)
	}
	if err := j.enrol(); err != nil {
		return nil, err
	}
	return j, nil
}

// enrol asks the learned model too, unless the lexicon or the options don't want that or
// the lexicon has none of its classes.
func (j *Judge) enrol() error {
	if j.options.Unlearned || j.lex.Learned == 0 {
		return nil
	}
	model := j.options.Model
	if model == nil {
		var err error
		if model, err = learned.Default(); err != nil {
			return err
		}
	}
	known := false
	for i, id := range learned.Classes {
		j.student.rules[i] = -1
		at := slices.IndexFunc(j.lex.Classes, func(c lexicon.Class) bool { return c.ID == id && c.Track != lexicon.TrackAgent })
		if at < 0 {
			continue
		}
		known = true
		class := j.lex.Classes[at]
		j.student.rules[i] = len(j.rules)
		j.rules = append(j.rules, rule{
			class: Class(id), learned: true, suffices: class.Suffices, review: class.Review, track: class.Track,
			first: class.First, last: class.Last,
		})
	}
	if known {
		j.student.model, j.student.weight = model, j.lex.Learned
	}
	return nil
}

func (j *Judge) prepareRules(p *preparer) {
	for _, class := range j.lex.Classes {
		common := p.exclusions(class.Unless)
		for _, phrase := range class.Phrases {
			found, pieces := p.once(phrase)
			r := rule{
				phrase: phrase.Text, line: phrase.Line, class: Class(class.ID), weight: phrase.Weight, whole: phrase.Whole,
				suffices: phrase.Suffices, review: class.Review, track: class.Track,
				despite: map[VetoReason]bool{}, first: class.First, last: class.Last,
			}
			for _, reason := range phrase.Despite {
				r.despite[VetoReason(reason)] = true
			}
			for _, group := range []int{common, p.exclusions(phrase.Unless)} {
				if group > 0 {
					r.unless = append(r.unless, group)
				}
			}
			found.index = len(j.rules)
			p.finder.add(found, pieces)
			p.listen(pieces)
			j.rules = append(j.rules, r)
		}
	}
}

func (j *Judge) prepareVetoes(p *preparer) {
	for _, text := range p.all(j.lex.Compounds) {
		p.finder.add(pattern{gaps: []int32{0}, optional: []bool{false}, what: isCompound}, [][]string{{text}})
	}
	for _, word := range p.all(j.lex.Sounds) {
		p.sounds[word] = true
	}
	v := j.lex.Vetoes
	p.marks(VetoHallucination, v.Hallucination)
	p.marks(VetoAnnouncement, v.Announcement)
	p.marks(VetoNegated, v.Negated.After)
	p.marks(VetoReported, v.Reported.After)
	p.marks(VetoNarrowed, v.Narrowed)
	p.marks(VetoDeferred, v.Deferred)
	j.around = newAround(p, j.lex.Around)
	j.denial = newDenial(p, v.Negated)
	j.asking = newAsking(p, v.Question)
	j.condition = newCondition(p, v.Condition)
	j.reported = newReporting(p, v.Reported)
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
	j.read(r, text)
	a := j.hits(r, &plain{cursor: cursor{text: text}})
	return j.verdict(&a)
}

// read makes r ready to find hits in text.
func (j *Judge) read(r *reading, text string) {
	r.normal.read(text)
	if j.misheard != nil {
		j.misheard.correct(r)
	}
}

// verdict settles what counts, and sums it up.
func (j *Judge) verdict(a *account) Verdict {
	s := j.decide(a)
	v := Verdict{Hits: make([]Hit, len(a.hits)), Score: s.score, Review: s.review, Lexicon: j.lex.ID()}
	for i, h := range a.hits {
		v.Hits[i] = h.Hit
	}
	v.Suspect = s.score >= j.options.Threshold && s.suffices
	return v
}
