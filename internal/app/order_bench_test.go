package app_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// queuedEnv is how many recordings BenchmarkLiveCall lets wait.
const queuedEnv = "REFRAIN_TEST_QUEUED"

// BenchmarkLiveCall measures how long a live call of 19 s takes from its upload to its verdict, each
// time in five goes: on an idle server, while a backlog of 10,000 calls of 5 s waits, and while
// three live files of an hour are being heard. It hears with the demo model, or with the one that
// REFRAIN_TEST_MODEL names, and reports medians and the longest.
func BenchmarkLiveCall(b *testing.B) {
	wav := call(b, 7, 19*time.Second)
	var idle time.Duration
	b.Run("idle", func(b *testing.B) {
		s := start(b, orderConfig(b))
		s.sendLive(b, wav) // warms up
		idle = s.reportLive(b, wav)
	})
	b.Run("backlog", func(b *testing.B) {
		cfg := orderConfig(b)
		n := fill(b, cfg, call(b, 8, 5*time.Second))
		s := start(b, cfg)
		took := s.reportLive(b, wav)
		status, err := s.Status.GetStatus(b.Context(), &pb.GetStatusRequest{})
		require.NoError(b, err)
		waiting := status.GetWaiting()[1].GetCount()
		require.Greater(b, waiting, int64(n/2), "most of it was heard before the live calls were")
		b.ReportMetric(float64(waiting), "waiting")
		b.ReportMetric(took.Seconds()/idle.Seconds(), "x-idle")
	})
	b.Run("hours", func(b *testing.B) {
		s := start(b, orderConfig(b))
		hour := call(b, 9, time.Hour)
		var names []string
		for i := range 3 {
			resp, err := s.Upload(b.Context(), &pb.RecordingMetadata{CallId: fmt.Sprint("hour-", i),
				Number: "13800138000", CustomerChannel: pb.Channel_CHANNEL_RIGHT}, bytes.NewReader(hour))
			require.NoError(b, err)
			names = append(names, resp.GetRecording().GetName())
		}
		took := s.reportLive(b, wav)
		for _, name := range names {
			got, err := s.Recordings.GetRecording(b.Context(), &pb.GetRecordingRequest{Name: name})
			require.NoError(b, err)
			require.Equal(b, pb.Recording_STATE_RUNNING, got.GetRecording().GetState())
		}
		b.ReportMetric(took.Seconds()/idle.Seconds(), "x-idle")
	})
}

func orderConfig(b *testing.B) config.Config {
	b.Helper()
	cfg := testConfig(b.TempDir())
	cfg.ShutdownGrace = time.Millisecond
	if model, ok := os.LookupEnv("REFRAIN_TEST_MODEL"); ok {
		cfg.Speech.Model = model
	}
	return cfg
}

// sendLive sends a live call and waits for its verdict.
func (s *server) sendLive(b *testing.B, wav []byte) time.Duration {
	b.Helper()
	from := time.Now()
	rec := s.send(b.Context(), b, &pb.RecordingMetadata{CallId: fmt.Sprint("live-", from.UnixNano()),
		Number: "13800138000", CustomerChannel: pb.Channel_CHANNEL_RIGHT, Source: "pbx"}, wav)
	require.Equal(b, pb.Recording_STATE_DONE, rec.GetState())
	return time.Since(from)
}

// reportLive sends five live calls, one after the other, and gives their median.
func (s *server) reportLive(b *testing.B, wav []byte) time.Duration {
	b.Helper()
	var took []time.Duration
	for range 5 {
		took = append(took, s.sendLive(b, wav))
	}
	slices.Sort(took)
	b.ReportMetric(took[2].Seconds(), "median-s")
	b.ReportMetric(took[4].Seconds(), "longest-s")
	b.ReportMetric(0, "ns/op")
	return took[2]
}

// fill queues a backlog of copies of one call, in the directory of a server that doesn't run:
// to upload them all takes longer than all that is measured. It tells how many.
func fill(b *testing.B, cfg config.Config, wav []byte) (n int) {
	b.Helper()
	n = 10_000
	if text, ok := os.LookupEnv(queuedEnv); ok {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	s := start(b, cfg)
	first := s.send(b.Context(), b, &pb.RecordingMetadata{CallId: "first", Number: "13800138000",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT, Source: "archive",
		Priority: pb.Priority_PRIORITY_BACKLOG}, wav)
	require.NoError(b, s.stop())
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(cfg.Path("refrain.db")))
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	tx, err := db.BeginTx(b.Context(), nil)
	require.NoError(b, err)
	_, of, _ := strings.Cut(first.GetName(), "/")
	for i := range n {
		id := ulid.MustNewDefault(time.Now()).String()
		_, err := tx.ExecContext(b.Context(), `INSERT INTO recordings (id, call_id, part, number, agent, source,
				customer_channel, answer_offset, audio, sha256, size, state, attempts, deaths, created_at, updated_at,
				revision, priority, length)
			SELECT $1, $2, part, number, agent, source, customer_channel, answer_offset, audio, sha256, size, 'queued', 0,
				0, created_at + $3, updated_at, 1, priority, length FROM recordings WHERE id = $4`,
			id, fmt.Sprint(i), i, of)
		require.NoError(b, err)
		audio := func(id string) string { return filepath.Join(cfg.Path("audio"), id[len(id)-2:], id) }
		require.NoError(b, os.MkdirAll(filepath.Dir(audio(id)), 0o700))
		require.NoError(b, os.Link(audio(of), audio(id)))
	}
	require.NoError(b, tx.Commit())
	return n
}
