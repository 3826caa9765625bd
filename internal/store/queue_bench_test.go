package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
)

// fillQueue queues n recordings of a minute from so many sources, half of them backlog.
func fillQueue(b *testing.B, db *store.DB, n, sources int) {
	b.Helper()
	num, err := number.Parse("13800138000", "CN")
	require.NoError(b, err)
	at := time.Now()
	require.NoError(b, db.InTx(b.Context(), func(ctx context.Context, tx store.Tx) error {
		insert, err := tx.PrepareContext(ctx, `INSERT INTO recordings (id, call_id, part, number, agent, source,
				customer_channel, answer_offset, audio, sha256, size, state, attempts, deaths, created_at, updated_at,
				revision, priority, length)
			VALUES ($1, $2, '', $3, '', $4, $5, 0, '{"rate":8000,"frames":480000}', '', 1, 'queued', 0, 0, $6, $6, 1,
				$7, 60000000000)`)
		if err != nil {
			return err
		}
		defer func() { _ = insert.Close() }()
		for i := range n {
			at = at.Add(time.Millisecond)
			if _, err := insert.ExecContext(ctx, ulid.MustNewDefault(at).String(), fmt.Sprint(i),
				num.Digits(), fmt.Sprint("recorder-", i%sources), audio.Right, at.UnixMicro(), i%2); err != nil {
				return err
			}
		}
		return nil
	}))
}

// BenchmarkQueue begins the next of many queued recordings, with the commit that this takes, and
// reads what waits.
func BenchmarkQueue(b *testing.B) {
	for _, size := range []struct{ queued, sources int }{{100, 2}, {10_000, 2}, {10_000, 300},
		{100_000, 2}, {100_000, 300}} {
		db := open(b, filepath.Join(b.TempDir(), "refrain.db"))
		fillQueue(b, db, size.queued, size.sources)
		name := fmt.Sprintf("%d-queued-of-%d-sources", size.queued, size.sources)
		for _, lane := range []struct {
			name string
			lane recording.Lane
		}{{"any", recording.AnyLane}, {"brief", recording.BriefLane}} {
			b.Run(name+"/next-"+lane.name, func(b *testing.B) {
				for b.Loop() {
					r, err := db.Recordings.BeginNext(b.Context(), lane.lane)
					require.NoError(b, err)
					b.StopTimer()
					require.NoError(b, db.Recordings.HandBack(b.Context(), r.ID))
					b.StartTimer()
				}
			})
		}
		b.Run(name+"/status", func(b *testing.B) {
			for b.Loop() {
				_, err := db.Recordings.Queue(b.Context())
				require.NoError(b, err)
			}
		})
	}
}
