package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/review"
)

// Activation says that a lexicon became the one to judge by.
type Activation struct {
	ID string
	// Version is lexicon.Lexicon.ID of the Source.
	Version, Source, Actor string
	At                     time.Time
}

const activationColumns = `id, version, source, actor, activated_at`

func scanActivation(r row) (a Activation, err error) {
	var at int64
	err = r.Scan(&a.ID, &a.Version, &a.Source, &a.Actor, &at)
	a.At = fromMicros(at)
	return a, err
}

// ActivateLexicon notes the activation and gives it its ID. A repeated req notes
// nothing and returns the first one's, which may have been replaced since, and true.
func (db *DB) ActivateLexicon(ctx context.Context, a Activation, req review.Request) (_ Activation, again bool, err error) {
	a.ID = newID(a.At)
	err = db.InTx(ctx, func(ctx context.Context, tx Tx) error {
		var id string
		if id, again, err = beginRequest(ctx, tx, req, "lexicons/"+a.Version, a.At); err != nil {
			return err
		}
		if again {
			a, err = scanActivation(tx.QueryRowContext(ctx, `SELECT `+activationColumns+` FROM lexicon_activations WHERE id = $1`, id))
			return wrap("read the activation", err)
		}
		err = exec(ctx, tx, `INSERT INTO lexicon_activations (`+activationColumns+`) VALUES ($1, $2, $3, $4, $5)`,
			a.ID, a.Version, a.Source, a.Actor, micros(a.At))
		if err != nil {
			return wrap("note the activation", err)
		}
		return keepResult(ctx, tx, req, a.ID)
	})
	return a, again, err
}

// ActiveLexicon is the latest activation; NotFound where there was none.
func (db *DB) ActiveLexicon(ctx context.Context) (Activation, error) {
	a, err := scanActivation(db.r.QueryRowContext(ctx, `SELECT `+activationColumns+` FROM lexicon_activations
		ORDER BY activated_at DESC, id DESC LIMIT 1`))
	return a, noLexicon(err, "")
}

// LexiconByVersion is the latest activation of that version; NotFound where there was
// none.
func (db *DB) LexiconByVersion(ctx context.Context, version string) (Activation, error) {
	a, err := scanActivation(db.r.QueryRowContext(ctx, `SELECT `+activationColumns+` FROM lexicon_activations
		WHERE version = $1 ORDER BY activated_at DESC, id DESC LIMIT 1`, version))
	return a, noLexicon(err, version)
}

func noLexicon(err error, version string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND", Subject: "lexicons/" + version,
			Message: "no such lexicon was ever active here"}
	}
	return wrap("read the lexicon", err)
}

// Activations lists activations, newest first, from before a cursor on.
func (db *DB) Activations(ctx context.Context, before *Cursor, limit int) ([]Activation, error) {
	at, id := int64(1<<62), ""
	if before != nil {
		at, id = micros(before.At), before.ID
	}
	found, err := list(ctx, db.r, scanActivation, `SELECT `+activationColumns+` FROM lexicon_activations
		WHERE (activated_at, id) < ($1, $2) ORDER BY activated_at DESC, id DESC LIMIT $3`, at, id, limit)
	return found, wrap("list activations", err)
}
