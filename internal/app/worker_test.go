//go:build unix

package app_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// workerEnv has the test's program be a worker, with its model, or its speech server (speechEnv).
const workerEnv = "REFRAIN_TEST_WORKER"

func workForTest() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cfg := testConfig(os.Getenv(workerEnv))
	err := json.Unmarshal([]byte(os.Getenv(bucketEnv)), &cfg.Audio.S3)
	cfg.Database.URL = os.Getenv(databaseEnv)
	if url := os.Getenv(speechEnv); url != "" {
		cfg = slowly(cfg, url)
	}
	var w *app.Worker
	if err == nil {
		w, err = app.OpenWorker(ctx, cfg, app.Options{Version: "1.0",
			Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	}
	if err == nil {
		fmt.Println("-\n" + w.HTTPAddr())
		err = w.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// slowly has a speech server hear.
func slowly(c config.Config, url string) config.Config {
	c.Speech.Engine, c.Speech.Model = config.EngineHTTP, ""
	c.Speech.HTTP.Address, c.Speech.HTTP.Model, c.Speech.HTTP.Retries = url, "slow", 0
	return c
}

// ofVersion says what the program calls itself.
func ofVersion(v string) func(*app.Options) { return func(o *app.Options) { o.Version = v } }

// leaving is the configuration of a server that leaves hearing to workers; url is that of their speech server, ""
// for the demo model.
func (s *several) leaving(url string) config.Config {
	s.Helper()
	c := s.config()
	if url != "" {
		c = slowly(c, url)
	}
	c.Speech.Engine = config.EngineWorkers
	return c
}

// workers gives the workers' role what it needs in the database, whose tables are there.
func (s *several) workers() (url string) {
	s.Helper()
	conn, err := pgx.Connect(s.Context(), s.url)
	require.NoError(s, err)
	of := strings.ToLower(rand.Text()) // roles are all databases'
	_, err = conn.PgConn().Exec(s.Context(), app.DatabaseRoles("refrain", "server_"+of, "worker_"+of)).ReadAll()
	require.NoError(s, err)
	require.NoError(s, conn.Close(s.Context()))
	return pgtest.As(s.url, "worker_"+of)
}

// hear starts a worker with the settings, until the test ends or stop is called.
func (s *several) hear(url string, edit func(*config.Config), options ...func(*app.Options)) (at string, stop func()) {
	s.Helper()
	c := testConfig(s.TempDir())
	c.Database.URL, c.Audio.S3 = url, s.b.is
	if edit != nil {
		edit(&c)
	}
	o := app.Options{Version: "1.0", Logger: slog.New(slog.NewTextHandler(s.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))}
	for _, f := range options {
		f(&o)
	}
	w, err := app.OpenWorker(s.Context(), c, o)
	require.NoError(s, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop = func() {
		cancel()
		if err, is := <-done; is {
			close(done)
			require.NoError(s, err)
		}
	}
	s.Cleanup(stop)
	return w.HTTPAddr(), stop
}

// asked is what an address answers.
func asked(t *testing.T, addr, path string) (code int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(b)
}

// The main job with servers that hear nothing: workers, whose role in the database can read no number, hear, and
// servers judge. Workers come and go meanwhile.
func TestWorkersHear(t *testing.T) {
	t.Parallel()
	ctx, s := as(t.Context(), "li"), newSeveral(t)
	srv := start(t, s.leaving(""), ofVersion("1.0"))
	wav := sample(t, refusalSample)
	first, err := srv.Upload(ctx, meta(1), bytes.NewReader(wav))
	require.NoError(t, err)
	url := s.workers()
	one, stopOne := s.hear(url, nil)
	rec := srv.final(ctx, t, first.GetRecording().GetName())
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.EqualValues(t, 1, rec.GetAttempts())
	require.True(t, rec.GetJudgement().GetSuspect())
	got, err := srv.Review.GetSuspect(ctx, &pb.GetSuspectRequest{Name: rec.GetJudgement().GetSuspectName()})
	require.NoError(t, err)
	require.Equal(t, meta(1).GetAgent(), got.GetSuspect().GetAgent(), "whom the worker didn't know")
	require.NotEmpty(t, got.GetTranscript().GetSegments())
	code, text := asked(t, one, "/metrics")
	require.Equal(t, http.StatusOK, code)
	require.Contains(t, text, "refrain_worker_handed_over_total 1\n")
	require.Contains(t, text, "refrain_worker_wanted 1\n")
	require.Contains(t, text, `refrain_recordings_waiting_audio_seconds{priority="live"} 0`)
	code, _ = asked(t, one, "/readyz")
	require.Equal(t, http.StatusOK, code)

	_, err = srv.Review.DecideSuspect(ctx, &pb.DecideSuspectRequest{Name: got.GetSuspect().GetName(),
		Verdict: pb.Decision_VERDICT_CONFIRMED, RequestId: "r1"})
	require.NoError(t, err)
	require.False(t, srv.allowed(t, meta(1).GetNumber()))

	stopOne()
	second, err := srv.Upload(ctx, meta(2), bytes.NewReader(wav))
	require.NoError(t, err)
	_, _ = s.hear(url, nil)
	require.Equal(t, pb.Recording_STATE_DONE, srv.final(ctx, t, second.GetRecording().GetName()).GetState())
	require.Equal(t, []string{"0"}, rowsIn(t, s.url, `SELECT COUNT(*)::TEXT FROM hearings`), "servers took all of it")
	srv.Sound(t)
}

// What a worker is at that is killed or paused another one takes up within a minute, and one result is kept: what the
// one that was paused says later is not.
func TestAnotherWorkerTakesOver(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "paused": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, s := as(t.Context(), "li"), newSeveral(t)
			speech, let := slowSpeech(t)
			srv := start(t, s.leaving(speech.URL), ofVersion("1.0"))
			url := s.workers()
			is, err := json.Marshal(s.b.is)
			require.NoError(t, err)
			dying := spawn(t, "", workerEnv+"="+t.TempDir(), bucketEnv+"="+string(is), databaseEnv+"="+url, speechEnv+"="+speech.URL)
			resp, err := srv.Upload(ctx, meta(1), bytes.NewReader(sample(t, refusalSample)))
			require.NoError(t, err)
			rec := resp.GetRecording().GetName()
			srv.running(ctx, t, rec)
			require.NoError(t, dying.cmd.Process.Signal(sig))
			let()
			_, _ = s.hear(url, func(c *config.Config) { *c = slowly(*c, speech.URL) })
			within, cancel := context.WithTimeout(ctx, time.Minute)
			defer cancel()
			done := srv.final(within, t, rec)
			require.Equal(t, pb.Recording_STATE_DONE, done.GetState(), "%v", done.GetError())
			require.EqualValues(t, 2, done.GetAttempts(), "it was taken from the first")
			if sig == syscall.SIGSTOP {
				require.NoError(t, dying.cmd.Process.Signal(syscall.SIGCONT))
				require.Eventually(t, func() bool { code, _ := asked(t, dying.http, "/readyz"); return code == http.StatusOK },
					time.Minute, 50*time.Millisecond, "it takes part again")
			}
			require.Equal(t, []string{"0"}, rowsIn(t, s.url, `SELECT COUNT(*)::TEXT FROM hearings`))
			require.Equal(t, []string{"1"}, rowsIn(t, s.url, `SELECT COUNT(*)::TEXT FROM transcripts`), "one result")
		})
	}
}

// A worker takes nothing while the servers want another model or version, and says so; the servers' next start
// may have it work.
func TestWorkersThatAreNotWanted(t *testing.T) {
	t.Parallel()
	ctx, s := as(t.Context(), "li"), newSeveral(t)
	srv := start(t, s.leaving(""), ofVersion("1.0"))
	url := s.workers()
	speech, let := slowSpeech(t)
	let()
	old, _ := s.hear(url, nil, ofVersion("0.9"))
	other, _ := s.hear(url, func(c *config.Config) { *c = slowly(*c, speech.URL) })
	resp, err := srv.Upload(ctx, meta(1), bytes.NewReader(sample(t, refusalSample)))
	require.NoError(t, err)
	for _, at := range []string{old, other} {
		code, text := asked(t, at, "/readyz")
		require.Equal(t, http.StatusServiceUnavailable, code)
		require.Contains(t, text, "the servers want workers of another model or version")
		_, text = asked(t, at, "/metrics")
		require.Contains(t, text, "refrain_worker_wanted 0\n")
		require.Contains(t, text, `refrain_recordings_waiting{priority="live"} 1`, "the signal to start others")
	}
	got, err := srv.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: resp.GetRecording().GetName()})
	require.NoError(t, err)
	require.Equal(t, pb.Recording_STATE_QUEUED, got.GetRecording().GetState())
	start(t, s.leaving(""), ofVersion("0.9")) // the program of before
	require.Equal(t, pb.Recording_STATE_DONE, srv.final(ctx, t, resp.GetRecording().GetName()).GetState())
}

// What a worker can't work with stops its start, and says what to do.
func TestWorkersThatDontStart(t *testing.T) {
	t.Parallel()
	s, ctx := newSeveral(t), t.Context()
	start(t, s.leaving(""), ofVersion("1.0"))
	url := s.workers()
	foreign := newBucket(t)
	start(t, foreign.config(t.TempDir()))
	for name, c := range map[string]struct {
		edit func(*config.Config)
		says string
	}{
		"no database": {func(c *config.Config) { c.Database.URL = "" }, "database.url: is empty; a worker finds its work"},
		"no bucket":   {func(c *config.Config) { c.Audio.S3 = config.S3{} }, "audio.s3: names no bucket"},
		"no tables":   {func(c *config.Config) { c.Database.URL = inPostgres(t) }, "start a server with it first"},
		"a bucket of others": {func(c *config.Config) { c.Audio.S3 = foreign.is },
			"belongs to another data directory"},
		"no model":             {func(c *config.Config) { c.Speech.Model = filepath.Join(c.Data, "no.bin") }, "no.bin"},
		"an address of others": {func(c *config.Config) { c.HTTP.Address = "192.0.2.1:1" }, "http.address"},
	} {
		cfg := testConfig(t.TempDir())
		cfg.Database.URL, cfg.Audio.S3 = url, s.b.is
		c.edit(&cfg)
		_, err := app.OpenWorker(ctx, cfg, app.Options{Version: "1.0", Logger: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, c.says, name)
	}
	lone := testConfig(t.TempDir())
	lone.Speech.Engine = config.EngineWorkers
	refuses(t, lone, "set database.url and audio.s3")
}

// What a worker heard that nobody can read is heard again, by whoever can, and stops nothing behind it.
func TestWhatAWorkerHandsOver(t *testing.T) {
	t.Parallel()
	ctx, s := as(t.Context(), "li"), newSeveral(t)
	speech, let := slowSpeech(t)
	srv := start(t, s.leaving(speech.URL), ofVersion("1.0"))
	url := s.workers()
	_, stop := s.hear(url, func(c *config.Config) { *c = slowly(*c, speech.URL); c.ShutdownGrace = 0 })
	resp, err := srv.Upload(ctx, meta(1), bytes.NewReader(sample(t, refusalSample)))
	require.NoError(t, err)
	name := resp.GetRecording().GetName()
	srv.running(ctx, t, name)
	conn, err := pgx.Connect(ctx, s.url)
	require.NoError(t, err)
	_, err = conn.Exec(ctx, `INSERT INTO hearings (recording_id, holder, attempt, heard, made_at)
		SELECT id, holder, attempts, '[{"side":"agent"}]', 1 FROM recordings WHERE id = $1`, strings.TrimPrefix(name, "recordings/"))
	require.NoError(t, err)
	require.NoError(t, conn.Close(ctx))
	let()
	rec := srv.final(ctx, t, name)
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.Equal(t, []string{"0"}, rowsIn(t, s.url, `SELECT COUNT(*)::TEXT FROM hearings`))
	stop()
}
