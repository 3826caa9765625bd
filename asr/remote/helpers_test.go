package remote

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

// key is a credential that nothing but a request may show.
const key = "sk-very-secret"

// scripted is a server that answers each request by the next of some answers, the last one
// for ever. It is reached without a network, so that synctest's clock goes by itself.
type scripted struct {
	mu      sync.Mutex
	answers []http.HandlerFunc
	times   []time.Time
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	s.times = append(s.times, time.Now())
	s.mu.Unlock()
	w := httptest.NewRecorder()
	answer(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if w.Code == dropped {
		return nil, io.ErrUnexpectedEOF
	}
	return w.Result(), nil
}

// asked is how many requests came.
func (s *scripted) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.times)
}

// dropped is the status of an answer that never comes.
const dropped = 999

// says answers with a transcription of one segment.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"text": text})
	}
}

// fails answers with a status and a body.
func fails(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// after answers with a status, and when to come again.
func after(status int, when string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", when)
		w.WriteHeader(status)
	}
}

// hangs answers when nobody waits any more.
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// onSilence answers silence in one way and all else in another.
func onSilence(silence, sound http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, _, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		wav, _ := io.ReadAll(f)
		if len(bytes.Trim(wav[44:], "\x00")) == 0 {
			silence(w, r)
			return
		}
		sound(w, r)
	}
}

func config() Config {
	return Config{URL: "http://speech.example/v1/audio/transcriptions", Key: key,
		Model: asr.Model{Name: "sense-voice"}, Language: "zh", Parallel: 4,
		Timeout: 10 * time.Second, Retries: 3, Logger: slog.New(slog.DiscardHandler)}
}

// play readies an engine before a scripted server.
func play(t *testing.T, edit func(*Config), answers ...http.HandlerFunc) (*Engine, *scripted) {
	t.Helper()
	s := &scripted{answers: answers}
	c := config()
	c.Transport = s
	if edit != nil {
		edit(&c)
	}
	e := NewEngine(c)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e, s
}

// hear has a window of a second heard, without a greeting before.
func hear(t *testing.T, e *Engine) ([]asr.Phrase, error) {
	t.Helper()
	return e.server.Transcribe(t.Context(), window())
}

func window() asr.Window {
	samples := make([]float32, asr.SampleRate)
	samples[100] = 0.5
	return asr.Window{Samples: samples}
}
