package freeze

import (
	"context"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/request"
)

// Allow puts a number on the allow list, from now on where From is zero. A repeated req
// returns what it added the first time. Invalid where the entry can't be ordered (see
// Allow.CheckOrder), or the request's ID was used for another number.
func (s *Service) Allow(ctx context.Context, req request.Request, a Allow) (Allow, error) {
	now := s.now()
	if a.From.IsZero() {
		a.From = now
	}
	a.ID, a.From, a.Until, a.Ended = AllowID(newID(now)), micro(a.From), micro(a.Until), nil
	if err := a.CheckOrder(); err != nil {
		return Allow{}, err
	}
	return s.changeAllow(ctx, req, s.Keys.NumberMAC(a.Number).String(),
		func(ctx context.Context, tx Tx) (Allow, error) {
			return s.writer(tx, now).allow(ctx, a)
		})
}

// EndAllow ends an entry of the allow list before its time. A repeated req changes
// nothing. NotFound where there is no such entry, Precondition where it ended before.
func (s *Service) EndAllow(
	ctx context.Context, req request.Request, id AllowID, by, reason string,
) (Allow, error) {
	if err := request.CheckReason("freeze.EndAllowance", reason); err != nil {
		return Allow{}, err
	}
	return s.changeAllow(ctx, req, allowName(id), func(ctx context.Context, tx Tx) (Allow, error) {
		a, err := oneAllow(ctx, tx, id)
		if err != nil {
			return a, err
		}
		now := s.now()
		if a.Ended != nil || !now.Before(a.Until) {
			return a, &fault.Error{Op: "freeze.EndAllow", Kind: fault.Precondition,
				Reason: "NOT_ALLOWED", Subject: allowName(id),
				Message: "it has ended already"}
		}
		return s.writer(tx, now).endAllow(ctx, a, Release{At: now, Actor: by, Reason: reason})
	})
}

// changeAllow returns the entry that change wrote. A repeated req calls no change, and
// returns the entry as it is by now.
func (s *Service) changeAllow(
	ctx context.Context, req request.Request, subject string,
	change func(context.Context, Tx) (Allow, error),
) (Allow, error) {
	var a Allow
	ids, again, err := s.Store.Once(ctx, req, subject,
		func(ctx context.Context, tx Tx) ([]string, error) {
			var err error
			a, err = change(ctx, tx)
			return []string{string(a.ID)}, err
		})
	if err != nil || !again {
		return a, err
	}
	return oneAllow(ctx, s.Store, AllowID(ids[0]))
}

func oneAllow(ctx context.Context, r Reader, id AllowID) (Allow, error) {
	found, err := r.Allows(ctx, AllowQuery{IDs: []AllowID{id}})
	if err != nil {
		return Allow{}, err
	}
	if len(found) == 0 {
		return Allow{}, &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND",
			Subject: allowName(id),
			Message: "there is no such entry of the allow list"}
	}
	return found[0], nil
}

func allowName(id AllowID) string { return "allowances/" + string(id) }
