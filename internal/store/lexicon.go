package store

import (
	"context"

	"github.com/refrain-asr/refrain/review"
)

// ActivateLexicon notes the activation and gives it its ID. A repeated req notes
// nothing and returns the first one's, which may have been replaced since, and true.
func (db *DB) ActivateLexicon(ctx context.Context, a Activation, req review.Request) (_ Activation, again bool, err error) {
	a.ID = newID(a.At)
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		a, again, err = lexiconActivations.add(ctx, tx, a, req)
		return err
	})
	return a, again, err
}

// ActiveLexicon is the latest activation; NotFound where there was none.
func (db *DB) ActiveLexicon(ctx context.Context) (Activation, error) {
	return lexiconActivations.latest(ctx, db.r, "")
}

// LexiconByVersion is the latest activation of that version; NotFound where there was
// none.
func (db *DB) LexiconByVersion(ctx context.Context, version string) (Activation, error) {
	return lexiconActivations.latest(ctx, db.r, version)
}

// Activations lists activations of lexicons, newest first, from before a cursor on.
func (db *DB) Activations(ctx context.Context, before *Cursor, limit int) ([]Activation, error) {
	return lexiconActivations.page(ctx, db.r, before, limit)
}
