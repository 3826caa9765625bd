package app

import (
	"context"
	"log/slog"
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

// WithAttrs implements slog.Handler.
func (q quieter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quieter{q.Handler.WithAttrs(attrs), q.level}
}

// WithGroup implements slog.Handler.
func (q quieter) WithGroup(name string) slog.Handler {
	return quieter{q.Handler.WithGroup(name), q.level}
}
