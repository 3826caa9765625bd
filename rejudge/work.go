package rejudge

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// How many recordings are judged between two commits: enough for the commit to cost little, few
// enough for live work not to wait for it. Of those that are heard again, a stop loses that many.
const (
	portionSize = 500
	speechSize  = 8
)

func (r Run) portionSize() int {
	if r.Speech {
		return speechSize
	}
	return portionSize
}

// portions judges one portion after the other. The next is read while one is judged.
func (s *Service) portions(ctx context.Context, r Run, judge *keywords.Judge) error {
	next := s.read(ctx, r, r.Cursor)
	defer func() { _, _ = next() }() // what it would fail with is of no use any more
	for {
		past, err := next()
		if err != nil {
			return err
		}
		p := Portion{Run: r.ID, Cursor: r.Last, Count: len(past)}
		if len(past) > 0 {
			p.Cursor = past[len(past)-1].ID()
			next = s.read(ctx, r, p.Cursor)
		}
		if err := s.judgeAll(ctx, r, judge, past, &p); err != nil {
			return err
		}
		if r, err = s.Outcomes.KeepPortion(ctx, p); err != nil {
			return err
		}
		if r.Tally.Waiting > 0 {
			if err := s.open(ctx); err != nil {
				return err
			}
		}
		if r.State != Running {
			s.Logger.InfoContext(ctx, "judged again", "run", r.ID, "state", r.State, "recordings", r.Done,
				"gained", r.Tally.Gained, "lost", r.Tally.Lost, "other_class", r.Tally.OtherClass)
			return nil
		}
	}
}

// read reads the portion after a recording, aside. What it returns waits for it.
func (s *Service) read(
	ctx context.Context, r Run, after recording.ID,
) (wait func() ([]Past, error)) {
	if after >= r.Last {
		return func() ([]Past, error) { return nil, nil }
	}
	var past []Past
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		past, err = s.Archive.Portion(ctx, r.Selection, after, r.Last, r.portionSize())
	}()
	return func() ([]Past, error) {
		<-done
		return past, err
	}
}

// judgeAll judges recordings side by side. It fails where ctx ends or speech is unavailable;
// what is wrong with one recording is its outcome.
func (s *Service) judgeAll(
	ctx context.Context, r Run, judge *keywords.Judge, past []Past, p *Portion,
) error {
	outcomes, errs := make([]Outcome, len(past)), make([]error, len(past))
	var next atomic.Int64
	var all sync.WaitGroup
	for range max(1, min(s.Workers(), len(past))) {
		all.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(past) && ctx.Err() == nil; i = next.Add(1) - 1 {
				outcomes[i], errs[i] = s.again(ctx, r, judge, past[i])
			}
		})
	}
	all.Wait()
	if err := errors.Join(errors.Join(errs...), ctx.Err()); err != nil {
		return err
	}
	for _, o := range outcomes {
		p.Tally.add(o)
		if o.Kind != Same || r.Apply && o.Heard != nil {
			p.Outcomes = append(p.Outcomes, o)
		}
	}
	return nil
}

// again judges a recording again. An error is none of the recording's.
func (s *Service) again(
	ctx context.Context, r Run, judge *keywords.Judge, past Past,
) (o Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			o = Outcome{Past: past, Kind: Unreadable, Text: fmt.Sprintf("a bug in refrain: %v", p)}
		}
	}()
	reading, err := past.Read()
	if err != nil {
		return Outcome{Past: past, Kind: Unreadable, Text: number.MaskText(err.Error())}, nil
	}
	if !r.Speech {
		v := judge.Call(reading.Customer, reading.Agent, past.AnswerOffset)
		return outcome(past, reading, v), nil
	}
	heard, v, err := s.Hear(ctx, past.ID(), judge)
	switch {
	case ctx.Err() != nil || noEngine(err):
		return o, err
	case err != nil:
		return Outcome{Past: past, Kind: Unreadable, Text: number.MaskText(err.Error())}, nil
	}
	reading.Customer = heard[0]
	o = outcome(past, reading, v)
	o.Heard = heard
	return o, nil
}

// noEngine reports that nothing can be heard at present, whichever recording it is.
func noEngine(err error) bool {
	return errors.Is(err, asr.ErrUnavailable) || errors.Is(err, asr.ErrModel) || errors.Is(err, asr.ErrClosed)
}

// open opens suspects that wait, as many as today has room for.
func (s *Service) open(ctx context.Context) error {
	n, err := s.Outcomes.OpenSuspects(ctx, s.today(),
		func(of review.Heard, v keywords.Verdict) (review.Suspect, bool) {
			return review.NewSuspect(of, v, s.Now())
		})
	if n > 0 {
		s.Logger.InfoContext(ctx, "suspects of past calls opened", "suspects", n)
	}
	return err
}
