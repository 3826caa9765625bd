package store

import (
	"context"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/request"
)

// Rules is the store of the rules that are and were in force. It implements
// calls.RuleStore.
type Rules struct{ *engine }

// Activate implements calls.Store.
func (s *Calls) Activate(
	ctx context.Context, req request.Request, v calls.RuleVersion,
) (done calls.RuleVersion, err error) {
	err = s.write(ctx, func(ctx context.Context, t *writeTx) error {
		done, _, err = ruleActivations.add(ctx, t, req, v)
		return err
	})
	return done, err
}

// ByName is the latest activation of that version; NotFound where there was none.
func (s *Rules) ByName(ctx context.Context, name string) (calls.RuleVersion, error) {
	return ruleActivations.latest(ctx, s.r, name)
}

// List lists activations of rules, newest first, from before a cursor on.
func (s *Rules) List(
	ctx context.Context, before *request.Cursor, limit int,
) ([]calls.RuleVersion, error) {
	return ruleActivations.page(ctx, s.r, before, limit)
}

// History lists all activations of rules in their order, as a calls.Timeline wants them.
func (s *Rules) History(ctx context.Context) ([]calls.RuleVersion, error) {
	all, err := list(ctx, s.r, scanActivation, ruleActivations.query()+` ORDER BY seq`)
	return all, wrap("list activations", err)
}
