package usage

import "fmt"

// Error is wrong use: exit code 2.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

// Errorf is an Error with a message.
func Errorf(format string, args ...any) error {
	return &Error{fmt.Sprintf(format, args...)}
}
