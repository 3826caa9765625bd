package calls

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
)

// commits hands each transaction to the test, which lets it end.
type commits struct {
	began chan string
	end   chan error
}

func (c *commits) commit(reports []*report, reserves []*reservation) error {
	c.began <- fmt.Sprintf("%d+%d", len(reports), len(reserves))
	return <-c.end
}

func newCommits() (*commits, *queue) {
	c := &commits{began: make(chan string), end: make(chan error)}
	return c, newQueue(c.commit)
}

// ask has a turn wait, and gives what becomes of it.
func ask(t *testing.T, q *queue, turn *turn) <-chan error {
	t.Helper()
	turn.ctx = t.Context()
	out, asked := make(chan error, 1), make(chan struct{})
	go func() {
		close(asked)
		out <- q.do(turn)
	}()
	<-asked
	return out
}

// A reservation beside imports waits for one portion, and imports take turns.
func TestTurnsAreFair(t *testing.T) {
	t.Parallel()
	var made []string
	q := &queue{reserved: time.Now(), commit: func(reports []*report, reserves []*reservation) error {
		made = append(made, fmt.Sprintf("%d+%d", len(reports), len(reserves)))
		return nil
	}}
	take := func(turn *turn) *turn {
		turn.ctx, turn.done = t.Context(), make(chan error, 1)
		q.take(turn)
		return turn
	}
	first := take(&turn{reports: make([]*report, 2*portion+1)})
	second := take(&turn{reports: make([]*report, portion+2)})
	q.serve()
	reserved, reported := take(&turn{reserve: &reservation{}}), take(&turn{reports: make([]*report, 1)})
	q.serve()
	require.NoError(t, <-reserved.done)
	require.NoError(t, <-reported.done)
	for range 3 {
		q.serve()
	}
	require.NoError(t, <-first.done)
	require.NoError(t, <-second.done)
	require.Equal(t, []string{"64+0", "1+1", "64+0", "64+0", "2+0", "1+0"}, made)
	require.Empty(t, q.long)
	require.Empty(t, q.short)
}

// While nobody reserves, portions are large.
func TestPortionsWithoutReservations(t *testing.T) {
	t.Parallel()
	var made []int
	q := &queue{commit: func(reports []*report, _ []*reservation) error {
		made = append(made, len(reports))
		return nil
	}}
	take := func(turn *turn) {
		turn.ctx, turn.done = t.Context(), make(chan error, 1)
		q.take(turn)
	}
	take(&turn{reports: make([]*report, largePortion+portion+1)})
	q.serve()
	take(&turn{reserve: &reservation{}})
	q.serve()
	q.serve()
	require.Equal(t, []int{largePortion, 0, portion, 1}, made)
}

// Short orders that come together share a transaction, up to a bound.
func TestShortTurnsAreBounded(t *testing.T) {
	t.Parallel()
	var made []int
	q := &queue{commit: func(reports []*report, _ []*reservation) error {
		made = append(made, len(reports))
		return nil
	}}
	for range 10 {
		q.take(&turn{ctx: t.Context(), done: make(chan error, 1), reports: make([]*report, portion)})
	}
	for range 3 {
		q.serve()
	}
	require.Equal(t, []int{maxTogether, maxTogether, 2 * portion}, made)
}

// Where a portion fails the rest is left, and what others want goes on.
func TestAPortionFails(t *testing.T) {
	t.Parallel()
	c, q := newCommits()
	long := ask(t, q, &turn{reports: make([]*report, 3*largePortion)})
	<-c.began
	broken := errors.New("disk full")
	c.end <- broken
	require.ErrorIs(t, <-long, broken)
	short := ask(t, q, &turn{reports: make([]*report, 1)})
	require.Equal(t, "1+0", <-c.began)
	c.end <- nil
	require.NoError(t, <-short)
	q.close()
}

// A stop ends a long turn between two portions, and tells who waits.
func TestStopBetweenPortions(t *testing.T) {
	t.Parallel()
	c, q := newCommits()
	long := ask(t, q, &turn{reports: make([]*report, 3*largePortion)})
	<-c.began
	closed := make(chan struct{})
	go func() {
		q.close()
		close(closed)
	}()
	<-q.quit
	c.end <- nil
	require.Equal(t, fault.Unavailable, fault.KindOf(<-long))
	<-closed
}
