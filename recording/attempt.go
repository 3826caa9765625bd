package recording

import (
	"time"

	"github.com/refrain-asr/refrain/fault"
)

// MaxAttempts is how often a recording is tried before it is parked.
const MaxAttempts = 5

// MaxDeaths is how many deaths of the speech process a recording may be in flight
// at. From one less on it is tried alone, so that the last death is surely its own.
const MaxDeaths = 3

// Begun is the recording with an attempt under way. attempt is how many it had when
// that was arranged: so each arrangement begins at most one attempt, however often and
// late it is heard of. Precondition where it is not due.
func (r Recording) Begun(attempt int) (Recording, error) {
	if r.State != Queued || r.Attempts != attempt {
		return r, &fault.Error{Op: "recording.Begin", Kind: fault.Precondition, Reason: "NOT_DUE",
			Subject: r.Name(),
			Message: "it is " + string(r.State) + " or was tried meanwhile; nothing is to be done"}
	}
	r.State = Running
	r.Attempts++
	return r, nil
}

// HandedBack is the recording after an attempt that was broken off through no fault of
// its own: that attempt does not count. What is not running stays as it is.
func (r Recording) HandedBack() Recording {
	if r.State == Running {
		r.State = Queued
		r.Attempts--
	}
	return r
}

// unavailablePause lets others try whether what was away is back: a recording that has
// waited is not the first to know.
const unavailablePause = 30 * time.Second

// Pause is how long a queued recording waits for its next attempt: 1, 4, 9, 16 s after
// attempts that failed, long enough for a speech process to come back, short enough for
// a reviewer to wait; 30 s where speech or audio was not available; not at all after a stop of the
// server.
func (r Recording) Pause() time.Duration {
	if r.Problem == nil || r.Problem.Reason == ServerStopped {
		return 0
	}
	if r.Problem.Away() {
		return unavailablePause
	}
	return time.Duration(r.Attempts*r.Attempts) * time.Second
}

// Alone tells that the next attempt must have the speech process to itself: it was
// in flight when that process died before, and another death must be its own.
func (r Recording) Alone() bool { return r.Deaths >= MaxDeaths-1 }

// Failed is the recording after an attempt that failed with p. It is parked where
// the failure is final, or no further attempt is due; never where something was away
// (Problem.Away), which does not count. What is not running stays as it is.
func (r Recording) Failed(p Problem, final bool) Recording {
	if r.State != Running {
		return r
	}
	if p.Away() {
		r = r.HandedBack()
		r.Problem = &p
		return r
	}
	if p.Reason == SpeechDied {
		r.Deaths++
	}
	r.Problem = &p
	r.State = Queued
	if final || r.Attempts >= MaxAttempts || r.Deaths >= MaxDeaths {
		r.State = Parked
	}
	return r
}

// Away tells that something was away that an attempt needs, through no fault of the recording: what
// hears, or where its audio lies.
func (p Problem) Away() bool { return p.Reason == SpeechUnavailable || p.Reason == AudioUnavailable }

// TakenUpOnce are the reasons for which a recording is parked while a server or its speech
// process keeps dying. It need not be to blame: whatever kills them, such as power that fails or
// want of memory, meets what is being heard. So the next start that can hear takes it up, but only
// once by the same program and model, since it may be to blame after all.
func TakenUpOnce() []string { return []string{ServerStopped, SpeechDied} }

// Remedy says what becomes of a recording that was parked with that problem, or what is to be
// done about it.
func (p Problem) Remedy() string {
	const byHand = "refrain recording retry tries it again"
	switch p.Reason {
	case SpeechFailed:
		return "the next start with a model that can be used takes it up; " + byHand
	case ServerStopped, SpeechDied:
		return "the next start that hears takes it up once; " + byHand
	case AudioUnreadable:
		return "see whether its file is there and whole; then " + byHand
	}
	return "mend the cause; then " + byHand
}

// Finished is the recording once its result is stored; heard is what is wrong with its
// sound.
func (r Recording) Finished(heard Defects) Recording {
	r.State, r.Problem, r.Heard = Done, nil, heard
	return r
}

// Retried is a parked recording with another round of attempts before it.
func (r Recording) Retried() (Recording, error) {
	if r.State != Parked {
		return r, &fault.Error{Op: "recording.Retry", Kind: fault.Precondition,
			Reason: "NOT_PARKED", Subject: r.Name(),
			Message: "it is " + string(r.State) + "; only a parked recording can be tried again"}
	}
	if r.Erased() {
		return r, &fault.Error{Op: "recording.Retry", Kind: fault.Precondition,
			Reason: "RECORDING_ERASED", Subject: r.Name(), Message: "its audio was erased"}
	}
	r.State, r.Problem, r.Attempts, r.Deaths = Queued, nil, 0, 0
	return r, nil
}
