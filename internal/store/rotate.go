package store

import (
	"context"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/freeze"
)

// Rotate begins the generation of the store's keys that is in force: it enters into the ledger that
// the key changed, and notes the IDs of all generations, in one transaction. former is the ID
// of the key so far. What was entered before stays as it is, sealed and named under the keys of then.
func (s *Freezes) Rotate(ctx context.Context, directory, former string, p freeze.Personal) error {
	return s.write(ctx, func(ctx context.Context, t *writeTx) error {
		keys := s.o.Keys
		_, err := t.Enter(ctx, freeze.Entry{Kind: freeze.KeyRotated, At: s.now(),
			Reason: freeze.Reason(former), Class: keys.ID()}, p)
		if err != nil {
			return err
		}
		// It is the first entry that the new key seals: nothing by the former one may follow.
		err = t.record(ctx, audit.Entry{Actor: audit.Self, Action: audit.LedgerKeyRotate, Subject: "ledger",
			Details: map[string]string{"former": former, "key": keys.ID()}})
		if err != nil {
			return err
		}
		return belong(ctx, t, directory, keys.IDs())
	})
}
