package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// history is what clients reserved and froze, and what they were told, to be judged as a whole: whatever came at
// the same time to whichever server, there must be one order in which all of it is right.
type history struct {
	*world
	mu   sync.Mutex
	done map[string][]porcupine.Operation // by number
}

// what is asked for.
type step int

const (
	reserving step = iota
	freezing
	releasing
)

// told is what came of it.
type told struct {
	// known tells that there was an answer, and yes what it was. A repeated step may have been carried out the
	// first time, when nobody heard the answer.
	known, yes, repeated bool
}

// standing is how a number stands: how many calls were permitted, and whether it is frozen.
type standing struct {
	given  int
	frozen bool
}

// after are the ways in which a number may stand after a step with that answer; none where it can't be.
func (s standing) after(do step, t told) (all []any) {
	one := s
	switch do {
	case reserving:
		may := !s.frozen && s.given < permitted
		one.given++
		if may && (!t.known || t.yes || t.repeated) {
			all = append(all, one)
		}
		if !t.known || !t.yes && !may {
			all = append(all, s)
		}
		return all
	case freezing:
		one.frozen = true
	case releasing:
		one.frozen = false
	}
	if !t.known {
		all = append(all, s)
	}
	return append(all, one)
}

var numbers = porcupine.NondeterministicModel{
	Init: func() []any { return []any{standing{}} },
	Step: func(s, do, t any) []any { return s.(standing).after(do.(step), t.(told)) },
}

// do carries a step out, until there is an answer, and notes it.
func (h *history) do(client int, number string, s step, ask func(context.Context, *server) (bool, error)) (over bool) {
	op := porcupine.Operation{ClientId: client, Input: s, Call: time.Since(h.began).Nanoseconds()}
	var t told
	tries := 0
	err := h.insist(func(ctx context.Context, s *server) (err error) {
		tries++
		t.yes, err = ask(ctx, s)
		return err
	})
	t.repeated = tries > 1
	switch {
	case err == nil:
		t.known = true
		h.ack("judged as a history", 1)
	case errors.Is(err, errOver), status.Code(err) == codes.FailedPrecondition: // its time was over before the answer came
	default:
		h.fail("step %d for %s: %v", s, number, err)
	}
	op.Output, op.Return = t, time.Since(h.began).Nanoseconds()
	if !t.known { // it may come at any time
		op.Return = 1 << 62
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.done[number] = append(h.done[number], op)
	return errors.Is(err, errOver)
}

// once has diallers reserve more calls of a number than are permitted, while somebody may freeze it for good.
func (h *history) once(rnd *rand.Rand) {
	number := h.phone(1330)
	freezes := rnd.IntN(2) == 0
	var all sync.WaitGroup
	for d := range 3 {
		all.Go(func() {
			for i := range 3 {
				id := fmt.Sprintf("h-%s-%d-%d", number, d, i)
				if h.do(d, number, reserving, func(ctx context.Context, s *server) (bool, error) {
					resp, err := s.Reserve(ctx, id, number)
					return resp.GetAnswer().GetAllowed(), err
				}) {
					return
				}
				if d == 0 && i == 1 && freezes {
					h.freeze(d, number, i)
				}
			}
		})
	}
	all.Wait()
}

func (h *history) freeze(client int, number string, i int) {
	h.do(client, number, freezing, func(ctx context.Context, s *server) (bool, error) {
		_, err := s.Freezes.CreateFreeze(ctx, &pb.CreateFreezeRequest{Number: number, Reason: "chaos",
			RequestId: fmt.Sprintf("h-freeze-%s-%d", number, i)})
		return true, err
	})
}

// turns has one client freeze and release a number in turns while others try to call it, less often than is
// permitted a day.
func (h *history) turns(*rand.Rand) {
	number := h.phone(1320)
	var all sync.WaitGroup
	all.Go(func() {
		for i := range 2 {
			h.freeze(0, number, i)
			if h.do(0, number, releasing, func(ctx context.Context, s *server) (bool, error) {
				_, err := s.Freezes.ReleaseFreeze(ctx, &pb.ReleaseFreezeRequest{Reason: "chaos",
					RequestId: fmt.Sprintf("h-release-%s-%d", number, i),
					Target:    &pb.ReleaseFreezeRequest_Number{Number: number}})
				return true, err
			}) {
				return
			}
		}
	})
	for d := range 2 {
		all.Go(func() {
			for i := range 2 {
				id := fmt.Sprintf("t-%s-%d-%d", number, d, i)
				if h.do(1+d, number, reserving, func(ctx context.Context, s *server) (bool, error) {
					resp, err := s.Reserve(ctx, id, number)
					return resp.GetAnswer().GetAllowed(), err
				}) {
					return
				}
			}
		})
	}
	all.Wait()
}

// judge says of each number whether there is an order in which all that was answered is right.
func (h *history) judge() {
	steps := 0
	for number, ops := range h.done {
		steps += len(ops)
		if porcupine.CheckOperationsTimeout(numbers.ToModel(), ops, time.Minute) != porcupine.Ok {
			h.fail("what was answered for %s is right in no order: %+v", number, ops)
		}
	}
	h.t.Logf("%d steps for %d numbers are right in one order each", steps, len(h.done))
}
