package store_test

import (
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
)

// BenchmarkCreateRecording is what an upload costs the database.
func BenchmarkCreateRecording(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "refrain.db"))
	for i := 0; b.Loop(); i++ {
		_, _, err := db.Recordings.CreateRecording(b.Context(), newRecording(b, i))
		require.NoError(b, err)
	}
}

// BenchmarkConfirm carries a recording through its result to a frozen number.
func BenchmarkConfirm(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "refrain.db"))
	for i := 0; b.Loop(); i++ {
		_, _, err := confirmEach(b, db, i)
		require.NoError(b, err)
	}
}

// BenchmarkRecordings reads the tenth page of many while there is nothing to write.
func BenchmarkRecordings(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "refrain.db"))
	const n = 2000
	var ids []recording.ID
	for i := range n {
		r, _, err := db.Recordings.CreateRecording(b.Context(), newRecording(b, i))
		require.NoError(b, err)
		ids = append(ids, r.ID)
	}
	r, err := db.Recordings.Get(b.Context(), ids[n-500])
	require.NoError(b, err)
	at := request.Cursor{At: r.CreatedAt, ID: string(r.ID)}
	var failed atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			page, err := db.Recordings.List(b.Context(), recording.Filter{Before: &at, Limit: 50})
			if err != nil || len(page) != 50 {
				failed.Add(1)
			}
		}
	})
	require.Zero(b, failed.Load())
}
