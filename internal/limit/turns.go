package limit

import (
	"context"
	"errors"
	"sync/atomic"
)

// ErrTurns says that somebody has the turn, and that enough wait for it.
var ErrTurns = errors.New("somebody is at it, and enough wait")

// Turns let one at a time do what takes long. So many others wait for it, and who comes then is turned away. They are
// safe for concurrent use.
type Turns struct {
	one     chan struct{}
	most    int64
	waiting atomic.Int64
}

// NewTurns has so many wait at most.
func NewTurns(waiting int) *Turns {
	return &Turns{one: make(chan struct{}, 1), most: int64(waiting)}
}

// Take takes the turn until end is called, once. Where somebody has it, it waits as long as ctx lets it; ErrTurns where
// enough wait already.
func (t *Turns) Take(ctx context.Context) (end func(), err error) {
	end = func() { <-t.one }
	select {
	case t.one <- struct{}{}:
		return end, nil
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > t.most {
		return nil, ErrTurns
	}
	select {
	case t.one <- struct{}{}:
		return end, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
