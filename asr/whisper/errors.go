package whisper

import (
	"fmt"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/asr"
)

// ChildDiedError says that the speech process died with this window in flight. The
// window is not necessarily to blame, unless it was Alone. It is an asr.ErrDied.
type ChildDiedError struct {
	// Status is how the process ended, such as "signal: killed" or "exit status 2".
	Status string
	// Stderr is the last that it said, oldest first: at most 20 lines.
	Stderr []string
	// Windows counts the windows that were in flight, this one among them.
	Windows int
	// Overdue is the limit within which one of them was not heard, so that the process was
	// killed; 0 where it died otherwise.
	Overdue time.Duration
	// Alone reports that this window had the process to itself.
	Alone bool
}

// Error implements error.
func (e *ChildDiedError) Error() string {
	if e.Overdue > 0 {
		return fmt.Sprintf("whisper: the speech process hung: a window was not heard within %v; it was "+
			"killed with %d windows in flight, and is started again for the next", e.Overdue, e.Windows)
	}
	return fmt.Sprintf("whisper: the speech process died (%s) with %d windows in flight%s; it is "+
		"started again for the next",
		e.Status, e.Windows, lastWords(e.Stderr))
}

// Is tells that it is an asr.ErrDied.
func (e *ChildDiedError) Is(target error) bool { return target == asr.ErrDied }

// ModelError says that the model can't be used. It is no fault of a recording, and
// trying again helps only after the file was changed. It is an asr.ErrModel.
type ModelError struct {
	Path   string
	Reason string
}

// Error implements error.
func (e *ModelError) Error() string {
	return fmt.Sprintf("whisper: can't use the model file %s: %s; "+
		"fetch it again (refrain model get NAME) or give another with --model", e.Path, e.Reason)
}

// Is tells that it is an asr.ErrModel.
func (e *ModelError) Is(target error) bool { return target == asr.ErrModel }

func lastWords(stderr []string) string {
	if len(stderr) == 0 {
		return ""
	}
	return ": " + strings.Join(stderr[max(0, len(stderr)-3):], " / ")
}
