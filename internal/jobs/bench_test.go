package jobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/testcall"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// engine is an asr.Engine that answers by a function.
type engine func(ctx context.Context, w asr.Window) ([]asr.Phrase, error)

func (e engine) Open(context.Context) (asr.Transcriber, error) { return e, nil }
func (e engine) Close() error                                  { return nil }
func (e engine) Traits() asr.Traits {
	return asr.Traits{Model: asr.Model{Name: "m"}, Engine: "script 1", Language: "zh", Parallel: 1}
}

func (e engine) Transcribe(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
	return e(ctx, w)
}

// says is an engine that hears the same in each window.
func says(text string) engine {
	return func(context.Context, asr.Window) ([]asr.Phrase, error) {
		return []asr.Phrase{{Span: asr.Span{End: time.Second}, Text: text, MeanLogProb: -0.1}}, nil
	}
}

// fails is an engine that hears nothing.
func fails(err error) engine {
	return func(context.Context, asr.Window) ([]asr.Phrase, error) { return nil, err }
}

// bench is a Runner over a real database and real audio, before a scripted engine.
type bench struct {
	*Runner
	*worker
	db      *store.DB
	intake  recording.Intake
	changed chan recording.ID
	// deaf has recordings queued without a wake-up.
	deaf bool
}

func newBench(t *testing.T, e asr.Engine) *bench {
	t.Helper()
	dir := t.TempDir()
	return newBenchOn(t, e, dir, func(o store.Options) (*store.DB, error) {
		return store.Open(t.Context(), filepath.Join(dir, "refrain.db"), o)
	})
}

// newBenchOn is a bench over the database that open opens, with its audio in dir.
func newBenchOn(t *testing.T, e asr.Engine, dir string, open func(store.Options) (*store.DB, error)) *bench {
	t.Helper()
	ctx := t.Context()
	b := &bench{changed: make(chan recording.ID, 100)}
	keys, err := freeze.NewKeys(bytes.Repeat([]byte{1}, freeze.SecretSize))
	require.NoError(t, err)
	b.db, err = open(store.Options{Keys: keys, Now: time.Now, Enqueue: b.enqueue})
	require.NoError(t, err)
	b.db.Follow(b.follow)
	t.Cleanup(func() { require.NoError(t, b.db.Close()) })
	blobs, err := blob.Open(filepath.Join(dir, "audio"))
	require.NoError(t, err)
	b.intake = recording.Intake{Store: b.db.Recordings, Blobs: blobs, Now: time.Now,
		Defaults: recording.Defaults{CustomerChannel: audio.Right}}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := Config{DB: b.db.Writer(), Listener: b.db.Listener(), Recordings: b.db.Recordings, Results: b.db.Transcripts,
		Audio: blobs, Engine: e, Judge: judge,
		Judged:  func(recording.Recording, keywords.Answerer) {},
		Workers: 2, Grace: time.Minute, Now: time.Now, Logger: log}
	b.Runner, err = New(ctx, c)
	require.NoError(t, err)
	b.worker = newWorker(c)
	return b
}

func judge(_ recording.Recording, _, _ asr.Transcript) (keywords.Verdict, *review.Suspect) {
	return keywords.Verdict{Hits: []keywords.Hit{}}, nil
}

// follow tells who waits for a recording.
func (b *bench) follow(changes []feed.Change) error {
	for _, c := range changes {
		b.changed <- c.RecordingID()
	}
	return nil
}

func (b *bench) enqueue(ctx context.Context, tx *sql.Tx, r recording.Recording) error {
	if b.deaf {
		return nil
	}
	return b.Enqueue(ctx, tx, r)
}

// upload takes in the n-th recording.
func (b *bench) upload(t *testing.T, n int) recording.Recording {
	t.Helper()
	wav, err := testcall.Make(uint64(n), 5*time.Second)
	require.NoError(t, err)
	r, _, err := b.intake.Upload(t.Context(),
		recording.Metadata{CallID: fmt.Sprint(n), Number: "13800138000",
			CustomerChannel: audio.Right,
			SHA256:          fmt.Sprintf("%x", sha256.Sum256(wav))}, bytes.NewReader(wav))
	require.NoError(t, err)
	return r
}

func (b *bench) read(t *testing.T, id recording.ID) recording.Recording {
	t.Helper()
	r, err := b.db.Recordings.Get(t.Context(), id)
	require.NoError(t, err)
	return r
}

// final waits until the recording is done or parked.
func (b *bench) final(t *testing.T, id recording.ID) recording.Recording {
	t.Helper()
	for {
		if r := b.read(t, id); r.State.Final() {
			return r
		}
		select {
		case <-b.changed:
		case <-time.After(time.Minute):
			require.FailNow(t, "nothing happens any more")
		}
	}
}

// wakeUps are those that River has still to deliver, and how often.
func (b *bench) wakeUps(t *testing.T) map[wakeUp]int {
	t.Helper()
	res, err := b.client.JobList(t.Context(), river.NewJobListParams().
		States(rivertype.JobStateAvailable, rivertype.JobStateScheduled,
			rivertype.JobStateRetryable))
	require.NoError(t, err)
	found := map[wakeUp]int{}
	for _, job := range res.Jobs {
		var w wakeUp
		require.NoError(t, json.Unmarshal(job.EncodedArgs, &w))
		found[w]++
	}
	return found
}

// wakes delivers a wake-up, and works on all that is due then.
func (b *bench) wakes(t *testing.T, id recording.ID, attempt int) {
	t.Helper()
	require.NoError(t, b.Work(t.Context(), &river.Job[wakeUp]{Args: wakeUp{id, attempt}}))
	b.works(t)
}

// works works on what is due, one recording after the other.
func (b *bench) works(t *testing.T) (order []recording.ID) {
	t.Helper()
	require.True(t, b.beginAll(t.Context(), func(r recording.Recording, leave func()) {
		order = append(order, r.ID)
		b.attempt(t.Context(), r)
		leave()
	}))
	return order
}

// run works until the test ends.
func (b *bench) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
}

var _ io.Closer = engine(nil)
