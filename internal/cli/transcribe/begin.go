package transcribe

import (
	"context"
	"sync/atomic"
)

// outcome is what became of a file.
type outcome struct {
	line Line
	err  error
}

// begin transcribes the files until ctx ends, so many at once that every state has a window. What
// becomes of each comes in the files' order.
func (t *transcriber) begin(ctx context.Context, e *speech, paths []string) []chan outcome {
	outcomes := make([]chan outcome, len(paths))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	var next atomic.Int64
	for range min(e.files, len(paths)) {
		go func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(paths) {
					return
				}
				line, err := t.transcribe(ctx, e, paths[i])
				outcomes[i] <- outcome{line, err}
			}
		}()
	}
	return outcomes
}
