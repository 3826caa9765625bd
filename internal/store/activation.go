package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/review"
)

// Activation says that a lexicon, or a version of the rules, came into force.
type Activation struct {
	ID string
	// Version is lexicon.Lexicon.ID or calls.RuleSet.Version of the Source.
	Version, Source, Actor string
	At                     time.Time
}

// activations is a table of them: kind is what a person calls what is activated, and
// names is what its resource names begin with.
type activations struct{ table, kind, names string }

var (
	lexiconActivations = activations{"lexicon_activations", "lexicon", "lexicons/"}
	ruleActivations    = activations{"rule_activations", "version of the rules", "rules/"}
)

const activationColumns = `id, version, source, actor, activated_at`

func (t activations) query() string { return `SELECT ` + activationColumns + ` FROM ` + t.table }

func scanActivation(r row) (a Activation, err error) {
	var at int64
	err = r.Scan(&a.ID, &a.Version, &a.Source, &a.Actor, &at)
	a.At = fromMicros(at)
	return a, err
}

// add notes the activation under its ID. A repeated req notes nothing and returns the
// first one's, which may have been replaced since, and true.
func (t activations) add(ctx context.Context, tx Tx, a Activation, req review.Request) (_ Activation, again bool, err error) {
	id, again, err := beginRequest(ctx, tx, req, t.names+a.Version, a.At)
	if err != nil {
		return a, false, err
	}
	if again {
		a, err = scanActivation(tx.QueryRowContext(ctx, t.query()+` WHERE id = $1`, id))
		return a, true, wrap("read the activation", err)
	}
	err = exec(ctx, tx, `INSERT INTO `+t.table+` (`+activationColumns+`) VALUES ($1, $2, $3, $4, $5)`, a.ID, a.Version, a.Source, a.Actor, micros(a.At))
	if err != nil {
		return a, false, wrap("note the activation", err)
	}
	return a, false, keepResult(ctx, tx, req, a.ID)
}

// latest is the latest activation of a version, "" for any.
func (t activations) latest(ctx context.Context, q querier, version string) (Activation, error) {
	var c conditions
	if version != "" {
		c.add("version = ?", version)
	}
	a, err := scanActivation(q.QueryRowContext(ctx, t.query()+c.where()+` ORDER BY activated_at DESC, id DESC LIMIT 1`, c.args...))
	if errors.Is(err, sql.ErrNoRows) {
		return Activation{}, &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND", Subject: t.names + version,
			Message: "no such " + t.kind + " was ever active here"}
	}
	return a, wrap("read the "+t.kind, err)
}

// page lists activations, newest first, from before a cursor on.
func (t activations) page(ctx context.Context, q querier, before *Cursor, limit int) ([]Activation, error) {
	var c conditions
	if before != nil {
		c.add("(activated_at, id) < (?, ?)", micros(before.At), before.ID)
	}
	found, err := list(ctx, q, scanActivation, t.query()+c.where()+` ORDER BY activated_at DESC, id DESC`+c.limit(limit), c.args...)
	return found, wrap("list activations", err)
}
