package jobs

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// quietLog passes on River's warnings and errors, until it is muted: at info River
// tells what only its makers want to know.
type quietLog struct {
	slog.Handler
	muted *atomic.Bool
}

func newQuietLog(h slog.Handler) *quietLog { return &quietLog{h, new(atomic.Bool)} }

// mute ends the log.
func (q *quietLog) mute() { q.muted.Store(true) }

// Enabled implements slog.Handler.
func (q *quietLog) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && !q.muted.Load() && q.Handler.Enabled(ctx, l)
}

// WithAttrs implements slog.Handler.
func (q *quietLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &quietLog{q.Handler.WithAttrs(attrs), q.muted}
}

// WithGroup implements slog.Handler.
func (q *quietLog) WithGroup(name string) slog.Handler {
	return &quietLog{q.Handler.WithGroup(name), q.muted}
}
