package app

import (
	"context"
	"log/slog"
	"slices"

	"github.com/refrain-asr/refrain/number"
)

// maskedKeys are what of a log comes from outside, or tells of it.
var maskedKeys = []string{"call", "calls", "call_id", "agent", "line", "source", "part", "actor", "error",
	"finding", "file", "panic"}

// masked hides the numbers that call centres make names of: calls, agents and lines are logged by
// theirs.
type masked struct{ slog.Handler }

// Handle implements slog.Handler.
func (m masked) Handle(ctx context.Context, r slog.Record) error {
	out := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool { out.AddAttrs(maskAttr(a)); return true })
	return m.Handler.Handle(ctx, out)
}

// WithAttrs implements slog.Handler.
func (m masked) WithAttrs(attrs []slog.Attr) slog.Handler {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = maskAttr(a)
	}
	return masked{m.Handler.WithAttrs(out)}
}

// WithGroup implements slog.Handler.
func (m masked) WithGroup(name string) slog.Handler { return masked{m.Handler.WithGroup(name)} }

func maskAttr(a slog.Attr) slog.Attr {
	if !slices.Contains(maskedKeys, a.Key) {
		return a
	}
	v := a.Value.Resolve()
	if v.Kind() == slog.KindString {
		return slog.String(a.Key, number.MaskName(v.String()))
	}
	switch x := v.Any().(type) {
	case error:
		return slog.String(a.Key, number.MaskName(x.Error()))
	case []string:
		names := make([]string, len(x))
		for i, name := range x {
			names[i] = number.MaskName(name)
		}
		return slog.Any(a.Key, names)
	}
	return slog.Attr{Key: a.Key, Value: v}
}
