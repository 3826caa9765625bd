package asr

import "errors"

// What can be wrong with an engine, and not with a recording. Every engine's errors are
// one of these, by errors.Is, whatever else they say.
var (
	// ErrDied: the engine died while it heard the window. The window is to blame for
	// certain only where it was Alone.
	ErrDied = errors.New("the speech engine died")
	// ErrModel: the model can't be used. Trying again helps only once it was replaced.
	ErrModel = errors.New("the speech model can't be used")
	// ErrClosed: the engine was closed while the window waited or was heard, or before.
	ErrClosed = errors.New("the speech engine was stopped because refrain is shutting down")
	// ErrUnavailable: the engine can't be had at present: it is on another machine that is
	// down, too busy, or turns us away. No window is to blame. It is worth to wait, for as
	// long as it takes.
	ErrUnavailable = errors.New("the speech engine is not available")
	// ErrWindow: no model can hear such a window: it is empty, too long, or not made of
	// numbers.
	ErrWindow = errors.New("not a window of speech")
)
