package learn

import (
	"math"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// Result is what was learned.
type Result struct {
	Correction *lexicon.Correction
	// Source is the lexicon with it.
	Source []byte
	// Lexicon is Source, parsed.
	Lexicon *lexicon.Lexicon
	// Confirmed and Dismissed are how many decisions of each sort are suspects by the lexicon
	// without correction.
	Confirmed, Dismissed int
	// False and Lost are how many of them would be wrong with a correction that was learned from
	// the others: dismissed ones that stay suspects, and confirmed ones that don't. Raised and
	// Gained are dismissed and confirmed calls that weren't suspects and would be.
	False, Lost, Raised, Gained int
	// Spared are the items that were left out, or changed, so that the lexicon's sentences are
	// found.
	Spared []lexicon.Item
}

// folds is into how many parts decisions are cut: what is learned from the others is tried on each.
const folds = 5

// Count tells how many of the decisions are suspects by the lexicon without correction.
func (l *Learner) Count(decisions []Decision) (confirmed, dismissed int) {
	for _, d := range decisions {
		switch {
		case !l.judge.Call(d.Transcript, d.Agent, d.Answered).Suspect:
		case d.Confirmed:
			confirmed++
		default:
			dismissed++
		}
	}
	return confirmed, dismissed
}

// Learn makes a correction from decisions. It depends on nothing but these and the lexicon; now
// is when. It fails only where the corrected lexicon can't be used.
func (l *Learner) Learn(decisions []Decision, now time.Time) (Result, error) {
	read := make([]decided, len(decisions))
	for i, d := range decisions {
		read[i] = l.read(d)
	}
	var r Result
	for fold := range folds {
		if err := l.try(read, fold, &r); err != nil {
			return r, err
		}
	}
	r.Correction = l.correction(read)
	r.Correction.Made = now.UTC().Truncate(time.Second)
	if err := l.spare(&r); err != nil {
		return r, err
	}
	r.Source = lexicon.WithCorrection(l.base.Source(), r.Correction)
	var err error
	r.Lexicon, err = lexicon.Parse(r.Source)
	return r, err
}

// try counts into r what becomes of a part of the decisions.
func (l *Learner) try(read []decided, fold int, r *Result) error {
	var others, these []decided
	for i, d := range read {
		if i%folds == fold {
			these = append(these, d)
		} else {
			others = append(others, d)
		}
	}
	judge, err := l.corrected(l.correction(others))
	if err != nil {
		return err
	}
	for _, d := range these {
		r.add(d, judge.Call(d.Transcript, d.Agent, d.Answered).Suspect)
	}
	return nil
}

func (r *Result) add(d decided, suspect bool) {
	switch {
	case d.suspect && d.Confirmed:
		r.Confirmed++
		if !suspect {
			r.Lost++
		}
	case d.suspect:
		r.Dismissed++
		if suspect {
			r.False++
		}
	case !suspect:
	case d.Confirmed:
		r.Gained++
	default:
		r.Raised++
	}
}

// corrected is a judge by the lexicon with c.
func (l *Learner) corrected(c *lexicon.Correction) (*keywords.Judge, error) {
	lex := *l.base
	lex.Correction = c
	return keywords.New(&lex, l.options)
}

// spare changes the correction until every sentence of the lexicon is found that was found
// without it: an item that takes one away is left out, and where none does the sentence's phrase
// gets what is missing.
func (l *Learner) spare(r *Result) error {
	for {
		judge, err := l.corrected(r.Correction)
		if err != nil {
			return err
		}
		changed := false
		for _, s := range l.sentences {
			list, v := judge.Describe(said(s.text), asr.Transcript{}, 0)
			if changed = !v.Suspect && r.change(s, list); changed {
				break
			}
		}
		if !changed {
			return nil
		}
	}
}

// change takes the run or the phrase away that most speaks against the sentence, or helps its
// phrase: what speaks of many passages isn't given up for one sentence. It reports whether anything
// could be done.
func (r *Result) change(s sentence, list []keywords.Described) bool {
	found := featuresOf(strongest(list))
	worst := -1
	for k, i := range r.Correction.Items {
		special := i.Kind == lexicon.Run || i.Kind == lexicon.OfPhrase
		if special && i.Weight < 0 && found[feature{i.Kind, i.Text}] &&
			(worst < 0 || i.Weight < r.Correction.Items[worst].Weight) {
			worst = k
		}
	}
	if worst >= 0 {
		r.Spared = append(r.Spared, r.Correction.Items[worst])
		r.Correction.Items = slices.Delete(r.Correction.Items, worst, worst+1)
		return true
	}
	return r.help(s, strongest(list).LogOdds)
}

// help gives the sentence's phrase what it is short of.
func (r *Result) help(s sentence, logOdds float64) bool {
	missing := math.Ceil(100*max(0.01, -logOdds)) / 100
	at := slices.IndexFunc(r.Correction.Items, func(i lexicon.Item) bool {
		return i.Kind == lexicon.OfPhrase && i.Text == s.phrase
	})
	if at < 0 {
		if len(r.Correction.Items) == lexicon.MostItems {
			r.makeRoom()
		}
		at = len(r.Correction.Items)
		r.Correction.Items = append(r.Correction.Items,
			lexicon.Item{Kind: lexicon.OfPhrase, Text: s.phrase})
	}
	i := &r.Correction.Items[at]
	if i.Weight+missing > lexicon.MostCorrection {
		return false
	}
	i.Weight += missing
	r.Spared = append(r.Spared, *i)
	return true
}

// makeRoom leaves the least weighty item out. It isn't one that helps a sentence: two sentences
// would take each other's help away for ever.
func (r *Result) makeRoom() {
	items := r.Correction.Items
	for k, item := range slices.Backward(items) {
		helps := func(i lexicon.Item) bool { return i.Kind == item.Kind && i.Text == item.Text }
		if !slices.ContainsFunc(r.Spared, helps) {
			r.Correction.Items = slices.Delete(items, k, k+1)
			return
		}
	}
	r.Correction.Items = items[:len(items)-1]
}

// FewestDismissed is from how many decisions against suspects on something can be learned that
// holds for others.
const FewestDismissed = 20
