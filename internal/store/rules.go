package store

import (
	"context"

	"github.com/refrain-asr/refrain/review"
)

// ActivateRules notes from when on a version of the rules is in force, which is now, and
// gives the activation its ID. A repeated req notes nothing and returns the first one's,
// which may have been replaced since, and true.
//
// Reports and reservations wait until inForce, which is called after the commit and not
// for a repetition, has put the rules into the Timeline of the Options: so no call that
// starts later is judged by the rules before.
func (db *DB) ActivateRules(ctx context.Context, a Activation, req review.Request, inForce func(Activation)) (Activation, bool, error) {
	again := false
	alone := func(ctx context.Context) error {
		err := db.InTx(ctx, func(ctx context.Context, tx Tx) (err error) {
			a.At = db.now()
			a.ID = newID(a.At)
			a, again, err = ruleActivations.add(ctx, tx, a, req)
			return err
		})
		if err == nil && !again {
			inForce(a)
		}
		return err
	}
	if err := db.committer.take(&turn{ctx: ctx, alone: alone}); err != nil {
		return Activation{}, false, wrap("activate rules", err)
	}
	return a, again, nil
}

// ActiveRules is the latest activation; NotFound where there was none.
func (db *DB) ActiveRules(ctx context.Context) (Activation, error) {
	return ruleActivations.latest(ctx, db.r, "")
}

// RulesByVersion is the latest activation of that version; NotFound where there was
// none.
func (db *DB) RulesByVersion(ctx context.Context, version string) (Activation, error) {
	return ruleActivations.latest(ctx, db.r, version)
}

// RuleActivations lists activations of rules, newest first, from before a cursor on.
func (db *DB) RuleActivations(ctx context.Context, before *Cursor, limit int) ([]Activation, error) {
	return ruleActivations.page(ctx, db.r, before, limit)
}

// RuleHistory lists all activations of rules, the oldest first, as a Timeline wants
// them.
func (db *DB) RuleHistory(ctx context.Context) ([]Activation, error) {
	all, err := list(ctx, db.r, scanActivation, ruleActivations.query()+` ORDER BY activated_at, id`)
	return all, wrap("list activations", err)
}
