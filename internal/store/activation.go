package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/request"
)

// activation is a version of the rules, or a lexicon, that came into force.
type activation = calls.RuleVersion

// activations is a table of them: kind is what a person calls what is activated, names is
// what its resource names begin with, and told is how the feed tells of it.
type activations struct {
	table, kind, names string
	told               feed.Kind
}

var (
	lexiconActivations = activations{"lexicon_activations", "lexicon", "lexicons/", feed.Lexicon}
	ruleActivations    = activations{"rule_activations", "version of the rules", "rules/",
		feed.Rules}
)

const activationColumns = `id, version, source, actor, activated_at`

func (a activations) query() string { return `SELECT ` + activationColumns + ` FROM ` + a.table }

func scanActivation(r row) (a activation, err error) {
	var at int64
	err = r.Scan(&a.ID, &a.Version, &a.Source, &a.Actor, &at)
	a.At = fromMicros(at)
	return a, err
}

// add notes that a version is in force from now on, and gives it its ID. A repeated req
// notes nothing and returns the first one's, which may have been replaced since.
func (a activations) add(
	ctx context.Context, t *writeTx, req request.Request, v activation,
) (_ activation, again bool, err error) {
	ids, again, err := t.once(ctx, req, a.names+v.Version,
		func(ctx context.Context) ([]string, error) {
			v.At = t.e.now()
			v.ID = newID(v.At)
			err := exec(ctx, t, `INSERT INTO `+a.table+` (`+activationColumns+`, seq)
			VALUES ($1, $2, $3, $4, $5, (SELECT COALESCE(MAX(seq), 0) + 1 FROM `+a.table+`))`, v.ID, v.Version, v.Source, v.Actor, micros(v.At))
			t.changed(feed.Change{Kind: a.told, ID: v.ID})
			return []string{v.ID}, wrap("note the activation", err)
		})
	if err != nil || !again {
		return v, again, err
	}
	v, err = scanActivation(t.QueryRowContext(ctx, a.query()+` WHERE id = $1`, ids[0]))
	return v, true, wrap("read the activation", err)
}

// latest is the latest activation of a version, "" for any.
func (a activations) latest(ctx context.Context, q querier, version string) (activation, error) {
	var c conditions
	if version != "" {
		c.add("version = ?", version)
	}
	found, err := scanActivation(q.QueryRowContext(ctx, a.query()+c.where()+
		` ORDER BY seq DESC LIMIT 1`, c.args...))
	if errors.Is(err, sql.ErrNoRows) {
		return activation{}, &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND",
			Subject: a.names + version,
			Message: "no such " + a.kind + " was ever active here"}
	}
	return found, wrap("read the "+a.kind, err)
}

// page lists activations, newest first, from before a cursor on.
func (a activations) page(
	ctx context.Context, q querier, before *request.Cursor, limit int,
) ([]activation, error) {
	var c conditions
	if before != nil {
		c.add("seq < (SELECT seq FROM "+a.table+" WHERE id = ?)", before.ID)
	}
	found, err := list(ctx, q, scanActivation, a.query()+c.where()+
		` ORDER BY seq DESC`+c.limit(limit), c.args...)
	return found, wrap("list activations", err)
}
