package grpcapi

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// bench is the API over a real store and real files, without jobs and without an app.
type bench struct {
	conn  *grpc.ClientConn
	audio string
	queue int // recordings that were queued

	db    *store.DB
	keys  freeze.Keys
	table *gate.Table
	watch Watchers
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	dir := tb.TempDir()
	keys, err := freeze.NewKeys(bytes.Repeat([]byte{7}, freeze.SecretSize))
	require.NoError(tb, err)
	b := &bench{audio: filepath.Join(dir, "audio"), keys: keys, table: gate.NewTable()}
	b.db, err = store.Open(tb.Context(), filepath.Join(dir, "refrain.db"), store.Options{Keys: keys, Now: time.Now,
		Enqueue: func(context.Context, *sql.Tx, recording.Recording) error { b.queue++; return nil }})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, b.db.Close()) })
	b.db.Follow(b.follow)
	s, _ := New(b.deps(tb))
	b.serve(tb, s)
	return b
}

// deps are all parts of the API.
func (b *bench) deps(tb testing.TB) Deps {
	tb.Helper()
	ctx, db, now := tb.Context(), b.db, time.Now
	blobs, err := blob.Open(b.audio)
	require.NoError(tb, err)
	rules, err := calls.OpenRules(ctx, db.Rules, nil)
	require.NoError(tb, err)
	lexicons, err := keywords.OpenLexicons(ctx, db.Lexicons, keywords.LexiconsOptions{})
	require.NoError(tb, err)
	reports := calls.NewService(db.Calls, b.keys, rules.Timeline, now)
	tb.Cleanup(reports.Close)
	zone := func() *time.Location { return time.UTC }
	type callReader = calls.Reader
	counts := struct {
		*metrics.Metrics
		*figures.Tally
	}{metrics.New(func() map[freeze.Reason]int { return nil }), figures.NewTally(zone)}
	return Deps{
		Intake: &recording.Intake{Store: db.Recordings, Blobs: blobs, Defaults: recording.Defaults{CustomerChannel: audio.Right}, Now: now},
		Review: &review.Service{Store: db.Suspects, Periods: lexicons.Period, Keys: b.keys, Lease: time.Minute, Now: now},
		Freeze: &freeze.Service{Store: db.Freezes, Keys: b.keys, Now: now}, Call: reports,
		Gate: gate.NewService(gate.New(b.table, struct {
			freeze.Reader
			callReader
		}{db.Freezes, db.Calls}, rules.Timeline), counts, now),
		Report: &figures.Service{Store: db.Figures, Flush: func(context.Context) error { return nil }, Zone: zone},
		Rules:  rules, Lexicons: lexicons, Recordings: db.Recordings, Transcripts: db.Transcripts, Suspects: db.Suspects, Freezes: db.Freezes,
		Ledger: db.Freezes, Calls: db.Calls, Watchers: &b.watch, TokenKey: []byte("key"), Now: now, Logger: slog.New(slog.DiscardHandler),
		Region: "CN", Codes: &calls.Translator{}, Metrics: counts.Metrics,
	}
}

// follow keeps the gate and those who watch up to date.
func (b *bench) follow(changes []feed.Change) error {
	for _, c := range changes {
		switch c.Kind { //nolint:exhaustive // nothing else is kept in memory here
		case feed.Freeze:
			b.table.Apply(c.Freeze)
		case feed.Allow:
			b.table.ApplyAllow(c.Allow)
		case feed.Denials:
			b.table.Deny(c.Number, c.Denials)
		case feed.Recording:
			b.watch.Changed(c.RecordingID())
		}
	}
	return nil
}

func (b *bench) serve(tb testing.TB, s *grpc.Server) {
	tb.Helper()
	l := bufconn.Listen(1 << 20)
	go func() { _ = s.Serve(l) }()
	tb.Cleanup(s.Stop)
	var err error
	b.conn, err = grpc.NewClient("passthrough:///bench", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = b.conn.Close() })
}
