package app

import (
	"context"
	"log/slog"
	"strings"
)

// quieter passes on only what is at least as grave as its level.
type quieter struct {
	slog.Handler
	level slog.Level
}

// atLeast quiets a library that tells at info what only its makers want to know.
func atLeast(level slog.Level, h slog.Handler) slog.Handler { return quieter{h, level} }

// Enabled implements slog.Handler.
func (q quieter) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= q.level && q.Handler.Enabled(ctx, l)
}

// elector begins what River tells of electing the one of several clients that does the
// housekeeping. Here one server owns the database: how it won, and that it took long
// to resign when the disk was busy, is nobody's concern.
const elector = "leadership.Elector:"

// Handle implements slog.Handler.
func (q quieter) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, elector) {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (q quieter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quieter{q.Handler.WithAttrs(attrs), q.level}
}

// WithGroup implements slog.Handler.
func (q quieter) WithGroup(name string) slog.Handler {
	return quieter{q.Handler.WithGroup(name), q.level}
}
