package store

import (
	"context"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
)

// Lexicons is the store of the lexicons that are and were in force. It implements
// keywords.LexiconStore.
type Lexicons struct{ *engine }

// AddLexicon implements keywords.LexiconStore.
func (s *Lexicons) AddLexicon(
	ctx context.Context, a keywords.Activation, req request.Request,
) (_ keywords.Activation, again bool, err error) {
	var done activation
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		done, again, err = lexiconActivations.add(ctx, t, req, activation(a))
		return err
	})
	return keywords.Activation(done), again, err
}

// LatestLexicon implements keywords.LexiconStore.
func (s *Lexicons) LatestLexicon(ctx context.Context, version string) (keywords.Activation, error) {
	a, err := lexiconActivations.latest(ctx, s.r, version)
	return keywords.Activation(a), err
}

// LexiconsBefore implements keywords.LexiconStore.
func (s *Lexicons) LexiconsBefore(
	ctx context.Context, before keywords.Activation, limit int,
) ([]keywords.Activation, error) {
	var cursor *request.Cursor
	if before.ID != "" {
		cursor = &request.Cursor{At: before.At, ID: before.ID}
	}
	found, err := lexiconActivations.page(ctx, s.r, cursor, limit)
	out := make([]keywords.Activation, len(found))
	for i, a := range found {
		out[i] = keywords.Activation(a)
	}
	return out, err
}
