package learn

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// Decision is a call on which a reviewer has decided.
type Decision struct {
	Transcript asr.Transcript
	// Agent is the agent's transcript; without segments where it is not known.
	Agent asr.Transcript
	// Answered is when in the recording the call was answered.
	Answered  time.Duration
	Confirmed bool
}

// DefaultShift is what a correction adds to each passage: with it simulated companies lost no more
// than a point of recall. A lower one takes more false suspects and more true ones.
const DefaultShift = -0.7

// What was chosen on simulated companies; see keywords/eval.
const (
	// penalty is on the squares of the weights, lengthScale how much more freely those of
	// lengths may grow, as there are few of them.
	penalty     = 1.0
	lengthScale = 3.0
	// How much a passage of a dismissed suspect, one of a confirmed one, and a sentence of the
	// lexicon count.
	dismissedWeight = 2.0
	confirmedWeight = 1.0
	taughtWeight    = 0.3
	// leastWeight is that of an item worth keeping.
	leastWeight = 0.05
)

// passage is one that was decided on, or a sentence of the lexicon.
type passage struct {
	features map[feature]bool
	offset   float64
	yes      bool
	taught   bool
}

// Learner learns for one lexicon. It isn't safe for concurrent use.
type Learner struct {
	// Shift is what is added to each passage, DefaultShift unless changed before Learn.
	Shift float64

	base    *lexicon.Lexicon // without a correction
	options keywords.Options
	judge   *keywords.Judge // by base
	taught  []passage
	// sentences are those of the lexicon that are suspects, and must stay so.
	sentences []sentence
}

type sentence struct{ text, phrase string }

// New makes a Learner that corrects the lexicon of source, whose correction, if it has one, has
// no say. The options are those of the judge that will use it. It fails where the lexicon is
// wrong, and with an error of lexicon.Error's type where the model has no say in it.
func New(source []byte, options keywords.Options) (*Learner, error) {
	base, err := lexicon.Parse(lexicon.WithoutCorrection(source))
	if err != nil {
		return nil, err
	}
	l := &Learner{Shift: DefaultShift, base: base, options: options}
	if l.judge, err = keywords.New(base, options); err != nil {
		return nil, err
	}
	if l.judge.Model() == nil {
		return nil, lexicon.Error{What: "the lexicon leaves the learned model out (learned: off, " +
			"or none of its classes), and what is learned from decisions corrects that model: " +
			"there is nothing to correct"}
	}
	l.teach()
	return l, nil
}

// Base is the lexicon that is corrected.
func (l *Learner) Base() *lexicon.Lexicon { return l.base }

// teach reads the sentences that the lexicon must find.
func (l *Learner) teach() {
	for _, class := range l.base.Classes {
		if class.Track == lexicon.TrackAgent {
			continue
		}
		for _, phrase := range class.Phrases {
			for _, found := range phrase.Finds {
				list, verdict := l.judge.Describe(said(found.Text), asr.Transcript{}, 0)
				if !verdict.Suspect {
					continue
				}
				l.sentences = append(l.sentences, sentence{found.Text, phrase.Text})
				p := strongest(list)
				l.taught = append(l.taught, passage{featuresOf(p), p.LogOdds, true, true})
			}
		}
	}
}

// said is a text as a transcript of one segment.
func said(text string) asr.Transcript {
	return asr.Transcript{Side: asr.Customer, Segments: []asr.Segment{{Text: text}}}
}

// strongest is the passage that is most surely a refusal; of a suspect, of those with hits that
// count.
func strongest(list []keywords.Described) keywords.Described {
	return slices.MaxFunc(list, func(a, b keywords.Described) int {
		if a.Counts != b.Counts {
			if a.Counts {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.LogOdds, b.LogOdds)
	})
}

// decided is a Decision as it was judged without correction.
type decided struct {
	Decision
	suspect  bool
	passages []passage
}

// read judges d. Of a confirmed call the surest passage is the refusal. Of a dismissed one all are
// none.
func (l *Learner) read(d Decision) decided {
	list, verdict := l.judge.Describe(d.Transcript, d.Agent, d.Answered)
	found := decided{Decision: d, suspect: verdict.Suspect}
	if d.Confirmed && len(list) > 0 {
		list = []keywords.Described{strongest(list)}
	}
	for _, p := range list {
		if d.Confirmed || p.Counts || p.LogOdds >= leastOdds {
			found.passages = append(found.passages,
				passage{featuresOf(p), p.LogOdds, d.Confirmed, false})
		}
	}
	return found
}

// leastOdds are the log odds of a passage without a hit from which on something can be learned
// from its being none.
const leastOdds = -1.0

// correction is what the decisions on suspects teach. Calls that aren't suspects don't: there are
// too many of them, and too few refusals among them, to say what a suspect is worth.
func (l *Learner) correction(decisions []decided) *lexicon.Correction {
	c := &lexicon.Correction{Upon: l.base.ID(), Model: l.judge.Model().Data()[:12], Shift: l.Shift}
	var all []passage
	for _, d := range decisions {
		switch {
		case !d.suspect:
			continue
		case d.Confirmed:
			c.Confirmed++
		default:
			c.Dismissed++
		}
		all = append(all, d.passages...)
	}
	c.Items = weightiest(append(all, l.taught...))
	return c
}

// weightiest are the items that passages teach. They are weighed twice: those that are left take
// over what the others weighed.
func weightiest(all []passage) []lexicon.Item {
	counts := counted(all)
	features := worth(counts)
	list := items(features, weigh(all, features), counts, lexicon.MostItems)
	if len(list) == len(features) {
		return list
	}
	features = features[:0]
	for _, i := range list {
		features = append(features, feature{i.Kind, i.Text})
	}
	slices.SortFunc(features, byName)
	return items(features, weigh(all, features), counts, lexicon.MostItems)
}

// weigh fits the weights of the features.
func weigh(all []passage, features []feature) []float64 {
	index := make(map[feature]int, len(features))
	scales := make([]float64, len(features))
	for k, f := range features {
		index[f], scales[k] = k, 1
		if f.kind == lexicon.Length {
			scales[k] = lengthScale
		}
	}
	examples := make([]example, len(all))
	for i, p := range all {
		e := example{yes: p.yes, offset: p.offset, weight: dismissedWeight}
		switch {
		case p.taught:
			e.weight = taughtWeight
		case p.yes:
			e.weight = confirmedWeight
		}
		for f := range p.features {
			if k, known := index[f]; known {
				e.features = append(e.features, k)
			}
		}
		examples[i] = e
	}
	weights, _ := fit(examples, scales, penalty)
	return weights
}

// items are the weightiest features, up to most of them, the weightiest first: what a weight
// does altogether counts, and that is the more the more often it is met.
func items(
	features []feature, weights []float64, counts map[feature]count, most int,
) []lexicon.Item {
	var list []lexicon.Item
	for k, f := range features {
		weight := math.Round(100*weights[k]) / 100
		weight = max(-lexicon.MostCorrection, min(lexicon.MostCorrection, weight))
		if math.Abs(weight) >= leastWeight {
			list = append(list, lexicon.Item{Kind: f.kind, Text: f.text, Weight: weight,
				Confirmed: counts[f].confirmed, Dismissed: counts[f].dismissed})
		}
	}
	effect := func(i lexicon.Item) float64 {
		return math.Abs(i.Weight) * math.Sqrt(float64(counts[feature{i.Kind, i.Text}].all()))
	}
	slices.SortStableFunc(list, func(a, b lexicon.Item) int {
		return cmp.Compare(effect(b), effect(a))
	})
	return list[:min(len(list), most)]
}

func byName(a, b feature) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.text, b.text))
}
