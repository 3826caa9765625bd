package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind sorts errors by what a caller can do about them.
type Kind int

// The kinds. Internal is what every other error counts as.
const (
	Internal Kind = iota
	// Invalid: the request itself is wrong; the same again will fail again.
	Invalid
	// NotFound: the subject does not exist.
	NotFound
	// Exists: the subject exists already, with other contents.
	Exists
	// Precondition: the subject is not in a state that allows this.
	Precondition
	// Unauthenticated: who acts is not known.
	Unauthenticated
	// Forbidden: who acts may not do this.
	Forbidden
	// Exhausted: a limit is reached; later it may work.
	Exhausted
	// Unavailable: something needed is not there at the moment; later it may work.
	Unavailable
)

func (k Kind) String() string {
	names := [...]string{"internal", "invalid", "not found", "exists", "precondition",
		"unauthenticated", "forbidden", "exhausted", "unavailable"}
	if k < 0 || int(k) >= len(names) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return names[k]
}

// Field says what is wrong with one field of a request.
type Field struct{ Name, Problem string }

// Error is an error that a caller may be told of: its Message goes out, the wrapped
// Err does not.
type Error struct {
	// Op is the operation, such as "review.Decide".
	Op   string
	Kind Kind
	// Reason is a stable name in UPPER_SNAKE_CASE of at most 63 characters.
	Reason string
	// Subject is the name of the thing it is about, such as "suspects/01J...".
	Subject string
	// Message is a sentence for people: what is wrong and what to do.
	Message string
	Fields  []Field
	// Meta carries facts that programs may want, such as who decided and when.
	Meta map[string]string
	Err  error
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	if e.Subject != "" {
		b.WriteString(e.Subject + ": ")
	}
	b.WriteString(e.Message)
	for _, f := range e.Fields {
		b.WriteString("; " + f.Name + ": " + f.Problem)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the first Error in err's chain, Internal where there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// ReasonOf is the reason of the first Error in err's chain, or "".
func ReasonOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

// Fields collects what is wrong with a request, so that a caller hears of all of
// it at once.
type Fields []Field

// Add notes a problem.
func (f *Fields) Add(name, problem string, args ...any) {
	*f = append(*f, Field{name, fmt.Sprintf(problem, args...)})
}

// Err is nil where nothing was noted, else an Invalid error with all of it.
func (f Fields) Err(op string) error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Op: op, Kind: Invalid, Reason: "INVALID_REQUEST",
		Message: "the request is not valid", Fields: f}
}
