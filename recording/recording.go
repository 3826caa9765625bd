package recording

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/request"
)

// ID names a recording; a ULID.
type ID string

// State says how far a recording has come.
type State string

// The states. Running goes back to Queued when an attempt fails and another is due.
const (
	Queued  State = "queued"
	Running State = "running"
	Done    State = "done"
	// Parked recordings are given up on, with their Problem. Their audio is kept.
	Parked State = "parked"
)

// Final reports whether nothing more will happen by itself.
func (s State) Final() bool { return s == Done || s == Parked }

// Problem says why an attempt failed.
type Problem struct {
	// Reason is a stable name in UPPER_SNAKE_CASE.
	Reason string
	// Message is a sentence for people.
	Message string
}

// The reasons of problems.
const (
	// AudioUnreadable: the stored audio could not be read, though it could when it came.
	AudioUnreadable = "AUDIO_UNREADABLE"
	// SpeechDied: whisper.cpp's process died while it heard the recording.
	SpeechDied = "SPEECH_PROCESS_DIED"
	// SpeechFailed: whisper.cpp could not be started or did not transcribe.
	SpeechFailed = "SPEECH_FAILED"
	// SpeechUnavailable: the speech server can't be reached or turns us away. The attempt
	// doesn't count, and the recording waits.
	SpeechUnavailable = "SPEECH_UNAVAILABLE"
	// AudioUnavailable: where its audio lies can't be reached. As with SpeechUnavailable, the attempt
	// doesn't count, and the recording waits.
	AudioUnavailable = "AUDIO_UNAVAILABLE"
	// TookTooLong: the attempt ran into its time limit.
	TookTooLong = "TOOK_TOO_LONG"
	// ServerStopped: the server died during the attempt.
	ServerStopped = "SERVER_STOPPED"
	// AttemptFailed is any other failure.
	AttemptFailed = "ATTEMPT_FAILED"
)

// reasons are all of them.
var reasons = []string{AudioUnreadable, SpeechDied, SpeechFailed, SpeechUnavailable, AudioUnavailable,
	TookTooLong, ServerStopped, AttemptFailed}

func knownReason(name string) bool { return slices.Contains(reasons, name) }

func reasonNames() string { return strings.Join(reasons, ", ") }

// Recording is the audio of a call as uploaded. The audio never changes, but for a file that
// was cut short: the whole one, which begins with the same samples, may take its place.
type Recording struct {
	ID     ID
	CallID string
	// Part names one of several files of a call, "" for a whole call.
	Part   string
	Number number.Number
	// Virtual tells that the number stands for whoever used it just then.
	Virtual bool
	Agent   string
	// Source is the recorder that sent it.
	Source          string
	CustomerChannel audio.Channel
	// StartedAt is when the call began; zero where the recorder did not say.
	StartedAt time.Time
	// AnswerOffset is where in the audio the answered call begins.
	AnswerOffset time.Duration
	Audio        audio.Info
	// SHA256 of the file, lower-case hexadecimal; Size in bytes.
	SHA256 string
	Size   int64

	State   State
	Problem *Problem
	// Heard is what hearing it found to be wrong with its sound.
	Heard Defects
	// Priority decides when its turn comes.
	Priority Priority
	// Line is the one that the call went on: what its sender said, or else what the call's
	// report says; "" where neither does.
	Line string
	// Talk is for how long both sides talked, by the call's report; 0 where there is none yet.
	Talk time.Duration
	// Aside is the recording that was set aside for it when it was taken in; "" for none, and where it
	// is read later.
	Aside ID
	// Replaced counts how often a file that goes on further took the place of the one before.
	Replaced int
	// ErasedAt is when its audio was erased, zero while it is kept. Where the recording was erased as
	// a whole, only ID, CallID and Part are left beside it.
	ErasedAt time.Time
	// Attempts counts the tries to transcribe it, Deaths those at which the speech
	// process died.
	Attempts, Deaths     int
	CreatedAt, UpdatedAt time.Time
	// Revision counts the changes, for ETag.
	Revision int64
}

// Name is the recording's resource name.
func (r Recording) Name() string { return "recordings/" + string(r.ID) }

// Erased tells that the audio was erased: it is not taken in again.
func (r Recording) Erased() bool { return !r.ErasedAt.IsZero() }

// ETag changes with every change of the recording.
func (r Recording) ETag() string { return strconv.FormatInt(r.Revision, 36) }

// Filter selects recordings for lists. Zero fields select all.
type Filter struct {
	State  State
	CallID string
	Source string
	Line   string
	// Priority is nil for all.
	Priority *Priority
	// Reason is that of the problem which parked it, or made its last attempt fail.
	Reason string
	// Before continues a list: only what was created before.
	Before *request.Cursor
	// Limit is how many there may be, 100 where it is 0.
	Limit int
}
