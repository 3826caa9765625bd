package remote

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
)

// What is asked, and of whom, over a real connection.
func TestRequest(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var track audio.Info
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			http.Error(w, "POST only", http.StatusMethodNotAllowed)
			return
		}
		if f, _, err := r.FormFile("file"); err == nil {
			track, _ = audio.Inspect(f)
		}
		got = r
		says("不用")(w, r)
	}))
	t.Cleanup(srv.Close)
	c := config()
	c.URL, c.Logger = srv.URL+"/v1/audio/transcriptions", slog.New(slog.DiscardHandler)
	e := NewEngine(c)
	tr, err := e.Open(t.Context())
	require.NoError(t, err)
	require.Equal(t, asr.Traits{Model: asr.Model{Name: "sense-voice"}, Language: "zh", Parallel: 4,
		Engine: "http " + strings.TrimPrefix(c.URL, "http://")}, tr.Traits())
	phrases, err := tr.Transcribe(t.Context(), window())
	require.NoError(t, err)
	require.Equal(t, []asr.Phrase{{Span: asr.Span{End: time.Second}, Text: "不用",
		Tokens: []asr.Token{{Span: asr.Span{End: time.Second}, Text: "不用", Prob: 1}}}}, phrases)

	require.Equal(t, "Bearer "+key, got.Header.Get("Authorization"))
	require.Equal(t, "/v1/audio/transcriptions", got.URL.Path)
	require.Equal(t, map[string][]string{"model": {"sense-voice"}, "language": {"zh"},
		"temperature": {"0"}, "response_format": {"verbose_json"},
		"timestamp_granularities[]": {"segment", "word"}}, got.MultipartForm.Value)
	require.Equal(t, []any{1, audio.TrackRate, time.Second},
		[]any{track.Channels, track.Rate, track.Duration()})

	require.NoError(t, e.Close())
	_, err = tr.Transcribe(t.Context(), window())
	require.ErrorIs(t, err, asr.ErrClosed)
	_, err = e.Open(t.Context())
	require.ErrorIs(t, err, asr.ErrClosed)
}

func TestOpenNeedsAServer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.NotFoundHandler())
	c := config()
	c.URL = srv.URL
	srv.Close()
	e := NewEngine(c)
	_, err := e.Open(t.Context())
	require.ErrorIs(t, err, asr.ErrUnavailable)
	require.ErrorContains(t, err, strings.TrimPrefix(c.URL, "http://")+" can't be reached")

	e, _ = play(t, nil, fails(dropped, ""), fails(http.StatusUnauthorized, ""))
	_, err = e.Open(t.Context())
	require.ErrorIs(t, err, asr.ErrUnavailable)
	_, err = e.Open(t.Context())
	require.NoError(t, err, "that is an answer")
}

// A redirect would take the audio and the key elsewhere.
func TestNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("followed")
	}))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		srv := httptest.NewServer(http.RedirectHandler(elsewhere.URL+"/x", status))
		t.Cleanup(srv.Close)
		c := config()
		c.URL = srv.URL
		e := NewEngine(c)
		_, err := hear(t, e)
		require.ErrorIs(t, err, asr.ErrUnavailable)
		require.ErrorContains(t, err, "redirects to "+elsewhere.URL)
		require.ErrorContains(t, err, "speech.http.address")
	}
}

// What follows from each answer: how often it is asked for, and who is to blame.
func TestFailures(t *testing.T) {
	t.Parallel()
	well := says("")
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		tries  int
		window bool // is to blame
		says   string
	}{
		{"dropped", fails(dropped, ""), 4, false, "can't be reached: unexpected EOF"},
		{"hangs", hangs, 4, false, "did not answer within 12s"},
		{"down", fails(503, "loading\n the model"), 4, false,
			"answers 503 Service Unavailable: loading the model"},
		{"busy", fails(429, "slow down"), 4, false, "429 Too Many Requests: slow down"},
		{"wrong key", fails(401, "no such key "+key), 1, false,
			"no such key ***; set its key, speech.http.key"},
		{"not there", fails(404, "no route"), 1, false, "speech.http.address and speech.http.model"},
		{"bad for all", fails(400, "no model x"), 2, false, "400 Bad Request: no model x"},
		{"bad window", onSilence(well, fails(422, "too odd")), 2, true,
			"422 Unprocessable Entity: too odd; it hears others, so this window is to blame"},
		{"bug", fails(500, "trace"), 5, false, "500 Internal Server Error: trace"},
		{"bug with one window", onSilence(well, fails(500, "trace")), 5, true, "trace; it hears others"},
		{"a page", fails(200, "<html>secret words"), 2, false, "does not answer with a transcription"},
		{"an error in JSON", fails(200, `{"error":"x"}`), 2, false, "neither text nor segments"},
		{"other JSON", onSilence(well, fails(200, `{"text":{}}`)), 2, true, "text is no string"},
		{"long", fails(400, strings.Repeat("长 ", 1000)), 2, false, strings.Repeat("长 ", 99) + "长"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, s := play(t, nil, tt.answer)
				_, err := hear(t, e)
				require.Equal(t, tt.window, !isUnavailable(err), "%v", err)
				require.ErrorContains(t, err, tt.says)
				require.ErrorContains(t, err, "the speech server speech.example/v1/audio/transcriptions ")
				require.NotContains(t, err.Error(), key)
				require.NotContains(t, err.Error(), "secret words")
				require.Less(t, len([]rune(err.Error())), 400)
				require.Equal(t, tt.tries, s.asked())
			})
		})
	}
}

func isUnavailable(err error) bool {
	return errors.Is(err, asr.ErrUnavailable)
}

func TestRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		date := time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)
		e, s := play(t, nil, fails(502, ""), after(503, "7"), fails(dropped, ""), says("好"))
		phrases, err := hear(t, e)
		require.NoError(t, err)
		require.Equal(t, "好", phrases[0].Text)
		var pauses []time.Duration
		for i := range s.times[1:] {
			pauses = append(pauses, s.times[i+1].Sub(s.times[i]))
		}
		require.InDelta(t, 0.5, pauses[0].Seconds(), 0.25, "half a second, by up to a half more or less")
		require.Equal(t, 7*time.Second, pauses[1], "as asked")
		require.InDelta(t, 2, pauses[2].Seconds(), 1, "doubled twice")

		for _, when := range []string{"31", date} {
			e, s = play(t, nil, after(429, when), says("好"))
			_, err = hear(t, e)
			require.ErrorIs(t, err, asr.ErrUnavailable)
			require.Equal(t, 1, s.asked(), "the recording waits, not the window")
		}
		e, s = play(t, func(c *Config) { c.Retries = 0 }, fails(503, ""))
		_, err = hear(t, e)
		require.ErrorIs(t, err, asr.ErrUnavailable)
		require.Equal(t, 1, s.asked())
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-1": 0, "3": 3 * time.Second, "99999999999": 24 * time.Hour,
		"Sat, 28 Nov 2026 00:00:05 GMT": 5 * time.Second, "Sat, 28 Nov 2020 00:00:05 GMT": 0,
	} {
		require.Equal(t, want, retryAfter(header, now), header)
	}
}

// After failures in a row nobody asks for a while; then one window finds out.
func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		edit := func(c *Config) {
			c.Retries, c.Logger = 0, slog.New(slog.NewTextHandler(&log, nil))
		}
		e, s := play(t, edit, fails(dropped, ""))
		for range failuresInARow {
			_, err := hear(t, e)
			require.ErrorIs(t, err, asr.ErrUnavailable)
		}
		require.Equal(t, 1, strings.Count(log.String(), "the speech server can't be used"))
		require.Contains(t, log.String(), "level=ERROR")
		require.Contains(t, log.String(), "unexpected EOF")

		_, err := hear(t, e)
		require.ErrorIs(t, err, asr.ErrUnavailable)
		require.ErrorContains(t, err, "is not asked for the moment, since it failed: ")
		_, err = e.Open(t.Context())
		require.ErrorIs(t, err, asr.ErrUnavailable)
		require.Equal(t, failuresInARow, s.asked())

		time.Sleep(rest + 1)
		_, err = hear(t, e)
		require.ErrorIs(t, err, asr.ErrUnavailable)
		require.Equal(t, failuresInARow+1, s.asked(), "one finds out")
		_, err = hear(t, e)
		require.ErrorIs(t, err, asr.ErrUnavailable)
		require.Equal(t, failuresInARow+1, s.asked())

		s.answers = []http.HandlerFunc{says("好")}
		time.Sleep(rest + 1)
		for range 2 {
			_, err = hear(t, e)
			require.NoError(t, err)
		}
		require.Equal(t, 1, strings.Count(log.String(), "the speech server can't be used"), "told once")
		require.Equal(t, 1, strings.Count(log.String(), "can be used again"))
		require.NotContains(t, log.String(), key)
	})
}

// What the server refuses, and that it is busy, is no reason to stop asking it.
func TestBreakerStaysClosed(t *testing.T) {
	t.Parallel()
	for _, answer := range []http.HandlerFunc{fails(429, ""), onSilence(says(""), fails(400, "")),
		onSilence(says(""), fails(500, ""))} {
		synctest.Test(t, func(t *testing.T) {
			e, s := play(t, nil, answer)
			for range 2 * failuresInARow {
				_, err := hear(t, e)
				require.Error(t, err)
			}
			s.answers = []http.HandlerFunc{says("好")}
			_, err := hear(t, e)
			require.NoError(t, err)
		})
	}
}

// The caller's time ends the wait at once, and counts for nothing.
func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, s := play(t, nil, hangs)
		for range 2 * failuresInARow {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			began := time.Now()
			_, err := e.server.Transcribe(ctx, window())
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, asr.ErrUnavailable)
			require.Equal(t, time.Second, time.Since(began))
		}
		s.answers = []http.HandlerFunc{fails(503, "")}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := e.server.Transcribe(ctx, window())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, asr.ErrUnavailable, "that is why the time was not enough")
	})
}

// What became of another window, which ended this one's context, is not taken for its own.
func TestAnotherWindowFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, s := play(t, nil, hangs)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(&Error{Status: 400, kind: odd}) })
		_, err := e.server.Transcribe(ctx, window())
		require.Equal(t, context.Canceled, err)
		require.Equal(t, 1, s.asked())
		require.Nil(t, e.server.failure.Load())
	})
}

func TestCloseEndsWindows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, _ := play(t, func(c *Config) { c.Parallel = 1 }, hangs)
		failed := make(chan error, 2)
		for range 2 { // one is heard, one waits
			go func() {
				_, err := e.server.Transcribe(context.Background(), window())
				failed <- err
			}()
		}
		synctest.Wait()
		require.NoError(t, e.Close())
		for range 2 {
			require.ErrorIs(t, <-failed, asr.ErrClosed)
		}
	})
}

// No more windows are there at once than the traits say.
func TestParallel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, s := play(t, func(c *Config) { c.Retries = 0 }, hangs)
		for range 10 {
			go func() { _, _ = e.server.Transcribe(t.Context(), window()) }()
		}
		synctest.Wait()
		require.Equal(t, 4, s.asked())
	})
}

func TestRefusesWindows(t *testing.T) {
	t.Parallel()
	e, s := play(t, nil, says("好"))
	bad := window()
	bad.Samples[3] /= 0 * bad.Samples[4]
	for _, w := range []asr.Window{{}, {Samples: make([]float32, mostSamples+1)}, bad} {
		_, err := e.server.Transcribe(t.Context(), w)
		require.ErrorIs(t, err, asr.ErrWindow)
	}
	require.Zero(t, s.asked())
}
