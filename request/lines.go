package request

import (
	"context"
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/fault"
)

type linesKey struct{}

// ForLines notes that whoever asks may ask about these lines only; none for all.
func ForLines(ctx context.Context, lines []string) context.Context {
	if len(lines) == 0 {
		return ctx
	}
	return context.WithValue(ctx, linesKey{}, lines)
}

// Lines are those that ForLines named; none for all.
func Lines(ctx context.Context) []string {
	lines, _ := ctx.Value(linesKey{}).([]string)
	return lines
}

// CheckLine refuses, as fault.Forbidden, what is stored of a line that ForLines doesn't name: the line
// that a request states says nothing of what is there under the same id. Subject is the name of what
// is stored.
func CheckLine(ctx context.Context, op, subject, line string) error {
	lines := Lines(ctx)
	if len(lines) == 0 || slices.Contains(lines, line) {
		return nil
	}
	return &fault.Error{Op: op, Kind: fault.Forbidden, Reason: "LINE_NOT_PERMITTED", Subject: subject,
		Message: fmt.Sprintf("the id is known already of a call that is not of the lines %q, which are "+
			"all that the key is for; give every call an id of its own", lines)}
}
