package app_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// tenOClock is a Monday at 10:00 in Beijing.
var tenOClock = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

// clock is one that a test sets.
type clock struct{ unix atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.unix.Store(tenOClock.UnixMicro())
	return c
}

func (c *clock) now() time.Time        { return time.UnixMicro(c.unix.Load()).UTC() }
func (c *clock) later(d time.Duration) { c.unix.Add(d.Microseconds()) }

// option makes a server go by this clock.
func (c *clock) option(o *app.Options) { o.Now = c.now }

// logbook is a log that a test reads.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newLogbook() *logbook { return &logbook{more: make(chan struct{})} }

// option makes a server write into the log.
func (l *logbook) option(o *app.Options) { o.Logger = slog.New(slog.NewTextHandler(l, nil)) }

// Write implements io.Writer.
func (l *logbook) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.more)
	l.more = make(chan struct{})
	return l.text.Write(line)
}

// read is what was written, and what is closed when there is more.
func (l *logbook) read() (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String(), l.more
}

// lines are those that hold all the parts.
func (l *logbook) lines(parts ...string) []string {
	text, _ := l.read()
	var found []string
	for line := range strings.Lines(text) {
		whole := true
		for _, p := range parts {
			whole = whole && strings.Contains(line, p)
		}
		if whole {
			found = append(found, line)
		}
	}
	return found
}

// wait waits until there are n lines that hold all the parts, and gives the last one.
func (l *logbook) wait(t *testing.T, n int, parts ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		_, more := l.read()
		if found := l.lines(parts...); len(found) >= n {
			return found[n-1]
		}
		select {
		case <-more:
		case <-ctx.Done():
			text, _ := l.read()
			require.FailNow(t, "the log does not say so", "%q\n%s", parts, text)
		}
	}
}

// phone is the i-th telephone number of a test.
func phone(i int) string { return fmt.Sprintf("138001%05d", i) }

// rejected is the report of a call that the customer rejected.
func rejected(id, number string, at time.Time) *pb.Call {
	return &pb.Call{CallId: id, Number: number, StartTime: timestamppb.New(at), Outcome: pb.Outcome_OUTCOME_REJECTED}
}

// unanswered is the report of a call that nobody answered.
func unanswered(id, number string, at time.Time) *pb.Call {
	c := rejected(id, number, at)
	c.Outcome = pb.Outcome_OUTCOME_NO_ANSWER
	return c
}

// talked is the report of a call that was answered.
func talked(id, number string, at time.Time, talk time.Duration) *pb.Call {
	c := rejected(id, number, at)
	c.Outcome, c.Talk = pb.Outcome_OUTCOME_ANSWERED, durationpb.New(talk)
	return c
}

// report reports calls, all of which must be taken.
func (c *clients) report(tb testing.TB, calls ...*pb.Call) []*pb.CallResult {
	tb.Helper()
	resp, err := c.calls.BatchReportCalls(tb.Context(), &pb.BatchReportCallsRequest{Calls: calls})
	require.NoError(tb, err)
	require.Len(tb, resp.GetResults(), len(calls))
	for i, r := range resp.GetResults() {
		require.Nil(tb, r.GetError(), "call %d", i)
	}
	return resp.GetResults()
}

// ask asks the gate about a number.
func (c *clients) ask(tb testing.TB, number string, edit ...func(*pb.CheckNumberRequest)) *pb.Answer {
	tb.Helper()
	req := &pb.CheckNumberRequest{Number: number}
	for _, f := range edit {
		f(req)
	}
	resp, err := c.gate.CheckNumber(tb.Context(), req)
	require.NoError(tb, err)
	return resp.GetAnswer()
}

func at(t time.Time) func(*pb.CheckNumberRequest) {
	return func(r *pb.CheckNumberRequest) { r.At = timestamppb.New(t) }
}

func onLine(line string) func(*pb.CheckNumberRequest) {
	return func(r *pb.CheckNumberRequest) { r.Line = line }
}

// freezesOf lists the freezes of a number, also those that ended, the newest first.
func (c *clients) freezesOf(tb testing.TB, number string) []*pb.Freeze {
	tb.Helper()
	resp, err := c.freezes.ListFreezes(tb.Context(), &pb.ListFreezesRequest{Number: number, ShowEnded: true, PageSize: 1000})
	require.NoError(tb, err)
	return resp.GetFreezes()
}

// release ends the freezes of a number.
func (c *clients) release(tb testing.TB, number string) []*pb.Freeze {
	tb.Helper()
	resp, err := c.freezes.ReleaseFreeze(as(tb.Context(), "ops"), &pb.ReleaseFreezeRequest{
		Target: &pb.ReleaseFreezeRequest_Number{Number: number}, Reason: "the customer asked for a call"})
	require.NoError(tb, err)
	return resp.GetFreezes()
}

// sound has the server verify its ledger.
func (c *clients) sound(tb testing.TB) *pb.VerifyLedgerResponse {
	tb.Helper()
	resp, err := c.freezes.VerifyLedger(tb.Context(), &pb.VerifyLedgerRequest{})
	require.NoError(tb, err)
	require.Empty(tb, resp.GetProblems())
	return resp
}
