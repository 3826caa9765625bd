package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// The engines that Speech.Engine may name.
const (
	EngineWhisper = "whisper"
	EngineHTTP    = "http"
	// EngineWorkers is for a server that hears nothing itself: workers do ('refrain worker').
	EngineWorkers = "workers"
)

// SpeechServer is a server that recognises speech: one that speaks the OpenAI-style
// POST /v1/audio/transcriptions.
type SpeechServer struct {
	// Address is its base URL, with /v1 where it has that. A host alone stands for HOST/v1.
	Address string `yaml:"address" env:"ADDRESS"`
	// Key is sent to it as a bearer token; "" for none.
	Key Secret `yaml:"key" env:"KEY"`
	// Model is what the server calls the model; transcripts tell it.
	Model string `yaml:"model" env:"MODEL"`
	// Parallel is how many windows may be with the server at once, 1 to 256.
	Parallel int `yaml:"parallel" env:"PARALLEL"`
	// Packs lets utterances share a window of 30 s. The server must give times to words.
	Packs bool `yaml:"packs" env:"PACKS"`
	// Timeout is how long an answer may take, beside twice the window's length.
	Timeout time.Duration `yaml:"timeout" env:"TIMEOUT"`
	// Retries is how often a window is sent again after the server failed, 0 to 10.
	Retries int `yaml:"retries" env:"RETRIES"`
}

// Secret is a setting that is never shown.
type Secret string

// String hides it.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides it from %#v.
func (s Secret) GoString() string { return fmt.Sprintf("%q", s.String()) }

// LogValue hides it from logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides it from JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Validate returns everything that is wrong with how speech is recognised, joined.
func (s Speech) Validate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	switch s.Engine {
	case EngineWhisper:
		if s.States < 0 || s.Threads < 1 {
			bad("speech", "states is %d and threads %d; they must be 0 or more, and 1 or more",
				s.States, s.Threads)
		}
	case EngineHTTP:
		if s.Model != "" {
			bad("speech.model", "is %s (or --model is), a ggml model, but speech.engine is http: "+
				"name the server's model in speech.http.model, and no other", s.Model)
		}
		s.HTTP.validate(bad)
	case EngineWorkers:
		if s.Model != "" && s.HTTP.Model != "" {
			bad("speech.model", "is %s, and speech.http.model %s: name the one that workers are to hear with", s.Model, s.HTTP.Model)
		}
	default:
		bad("speech.engine", "is %q; it must be %s, %s or %s", s.Engine, EngineWhisper, EngineHTTP, EngineWorkers)
	}
	if err := s.AgentTrack.Check(); err != nil {
		bad("speech.agent_track", "%v", err)
	}
	return errors.Join(errs...)
}

// shortCalls is how many short calls are heard at the same time for each window: those that
// share it, as many that wait for the next one, and some to choose from.
const shortCalls = 10

// Recordings is how many recordings are to be under way so that all states are busy: short ones,
// and long ones.
func (s Speech) Recordings(states int, packs bool) (short, long int) {
	long = states + 1 // one more than can be heard at once: while it waits it reads its audio
	if !s.ShareWindows || !packs {
		return long, long
	}
	return max(long, min(shortCalls*states, 80)), long
}

func (s SpeechServer) validate(bad func(key, format string, args ...any)) {
	if _, err := s.Endpoint(); err != nil {
		bad("speech.http.address", "%v", err)
	}
	if strings.ContainsFunc(string(s.Key), notInHeader) {
		bad("speech.http.key", "has a character that can't be sent: only printable ASCII can; is "+
			"there a line break at its end?")
	}
	if s.Model == "" {
		bad("speech.http.model", "is empty; name the model as the server does, since servers ask "+
			"for it and transcripts tell it")
	}
	if s.Parallel < 1 || s.Parallel > 256 {
		bad("speech.http.parallel", "is %d; it must lie in 1..256", s.Parallel)
	}
	if s.Timeout <= 0 || s.Timeout > 10*time.Minute {
		bad("speech.http.timeout", "is %s; it must be above 0 and at most 10m", s.Timeout)
	}
	if s.Retries < 0 || s.Retries > 10 {
		bad("speech.http.retries", "is %d; it must lie in 0..10", s.Retries)
	}
}

func notInHeader(r rune) bool { return r <= ' ' || r > '~' }

// Endpoint is the URL to which audio is posted.
func (s SpeechServer) Endpoint() (string, error) {
	u, err := url.Parse(s.Address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		// The address is not told: what can't be read may hold a password.
		return "", errors.New("is no address of a server: write http:// or https:// and its host, " +
			"such as http://127.0.0.1:8000/v1")
	}
	if u.User != nil {
		return "", errors.New("holds a name or password, which logs would tell: set " +
			"speech.http.key instead")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("has a ? or #: only scheme, host and path can be used")
	}
	const path = "/audio/transcriptions"
	switch at := strings.TrimRight(u.Path, "/"); {
	case at == "":
		u.Path = "/v1" + path
	case !strings.HasSuffix(at, path):
		u.Path = at + path
	default:
		u.Path = at
	}
	u.RawPath = ""
	return u.String(), nil
}
