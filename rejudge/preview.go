package rejudge

import (
	"context"
	"slices"

	"github.com/refrain-asr/refrain/keywords"
)

// MaxPreview is the most recordings that a preview judges.
const MaxPreview = 500

// Preview is what a lexicon would make of the newest recordings.
type Preview struct {
	// Count is how many there were.
	Count int
	Tally Tally
	// Changes are those that are told one by one, the newest first.
	Changes []Outcome
}

// Preview judges the newest recordings chosen, up to limit of them, by judge, and compares with what
// the lexicon in force says of them now. It stores nothing. One is made at a time: others wait, as
// long as ctx lets them.
func (s *Service) Preview(
	ctx context.Context, of Selection, judge *keywords.Judge, limit int,
) (Preview, error) {
	select {
	case s.previewing <- struct{}{}:
		defer func() { <-s.previewing }()
	case <-ctx.Done():
		return Preview{}, ctx.Err()
	}
	inForce, err := s.Judge(ctx, "")
	if err != nil {
		return Preview{}, err
	}
	past, err := s.Archive.Newest(ctx, of, limit)
	if err != nil {
		return Preview{}, err
	}
	for i := range past {
		past[i].Read = judgedBy(inForce, past[i])
	}
	var p Portion
	if err := s.judgeAll(ctx, Run{}, judge, past, &p); err != nil {
		return Preview{}, err
	}
	changes := slices.DeleteFunc(p.Outcomes, func(o Outcome) bool { return !o.Listed() })
	return Preview{Count: len(past), Tally: p.Tally, Changes: changes}, nil
}

// judgedBy reads a recording with the verdict that a judge gives on it now, in place of the one that
// stands.
func judgedBy(judge *keywords.Judge, past Past) func() (Reading, error) {
	return func() (Reading, error) {
		r, err := past.Read()
		if err == nil {
			r.Verdict = judge.Call(r.Customer, r.Agent, past.AnswerOffset)
		}
		return r, err
	}
}
