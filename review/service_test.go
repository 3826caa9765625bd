package review

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/request"
)

// single keeps one suspect and one freeze, and notes what it was asked to write. How real
// stores do it is proved where they are.
type single struct {
	s       Suspect
	request request.Request
	change  Change
	freeze  freeze.Freeze
	next    Next
	// entered are the entries of the ledger, with what they say of people.
	entered  []freeze.Entry
	personal []freeze.Personal
}

func (k *single) Freezes(_ context.Context, q freeze.Query) ([]freeze.Freeze, error) {
	if !slices.Contains(q.IDs, k.freeze.ID) || q.Unreleased && k.freeze.Release != nil {
		return nil, nil
	}
	return []freeze.Freeze{k.freeze}, nil
}

func (k *single) Allows(context.Context, freeze.AllowQuery) ([]freeze.Allow, error) {
	return nil,
		nil
}

func (k *single) Enter(_ context.Context, e freeze.Entry, p freeze.Personal) (freeze.Entry, error) {
	e.Seq = int64(len(k.entered) + 1)
	k.entered, k.personal = append(k.entered, e), append(k.personal, p)
	k.freeze.ID, k.freeze.NumberMAC = e.FreezeID, e.NumberMAC
	if e.Kind == freeze.Released {
		k.freeze.Release = &freeze.Release{}
	}
	return e, nil
}

func (k *single) ChangeSuspect(ctx context.Context, _ ID, req request.Request,
	change func(context.Context, freeze.Book, Suspect) (Change, error)) (Suspect, error) {
	c, err := change(ctx, k, k.s)
	if err != nil {
		return Suspect{}, err
	}
	k.request, k.change, k.s = req, c, c.Suspect
	return k.s, nil
}

func (k *single) ChangeNext(_ context.Context, n Next, req request.Request,
	change func(Suspect) (Suspect, error)) (Suspect, bool, error) {
	x, err := change(k.s)
	k.request, k.next = req, n
	return x, err == nil, err
}

func service(t *testing.T) (*Service, *single) {
	t.Helper()
	k := &single{s: open(t)}
	odd := noon.Add(1234567).In(time.FixedZone("CST", 8*3600))
	keys, err := freeze.NewKeys([]byte("a secret that is thirty-two bytes"))
	require.NoError(t, err)
	return &Service{Store: k, Periods: periods, Keys: keys, Lease: 10 * time.Minute,
		Now: func() time.Time { return odd }}, k
}

// stored is the service's clock as a database keeps it.
var stored = noon.Add(1234 * time.Microsecond)

func TestServiceClaim(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		lease, want time.Duration
	}{
		{"as configured", 0, 10 * time.Minute},
		{"as asked for", time.Hour, time.Hour},
		{"the longest", MaxLease, MaxLease},
		{"too long", MaxLease + 1, -1},
		{"negative", -1, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			svc, k := service(t)
			got, err := svc.Claim(t.Context(), "s1", "li", tt.lease, request.Request{Method: "ClaimSuspect", ID: "r1"})
			if tt.want < 0 {
				require.Equal(t, fault.Invalid, fault.KindOf(err))
				require.ErrorContains(t, err, "lease")
				return
			}
			require.NoError(t, err)
			require.Equal(t, &Claim{By: "li", Until: stored.Add(tt.want), At: stored}, got.Claim)
			require.Equal(t, request.Request{Method: "ClaimSuspect", ID: "r1"}, k.request)
			require.Equal(t, Change{Suspect: got}, k.change)
		})
	}
}

func TestServiceDecideAndRevert(t *testing.T) {
	t.Parallel()
	svc, k := service(t)
	got, err := svc.Decide(t.Context(), "s1", "li", Order{Verdict: Confirm}, request.Request{Method: "DecideSuspect", ID: "r1"})
	require.NoError(t, err)
	require.Equal(t, stored, got.Decision.At)
	id, err := ulid.ParseStrict(string(got.Decision.ID))
	require.NoError(t, err)
	require.Equal(t, ulid.Timestamp(stored), id.Time())
	require.Equal(t, request.Request{Method: "DecideSuspect", ID: "r1"}, k.request)
	require.Equal(t, []Decision{*got.Decision}, k.change.Decisions)
	require.Len(t, k.entered, 1)
	opened := k.entered[0]
	require.Equal(t, got.Decision.Freeze, opened.FreezeID)
	require.Equal(t, freeze.Entry{Kind: freeze.Opened, Seq: 1, FreezeID: opened.FreezeID,
		At: stored, Reason: freeze.Refused,
		Class: "not_interested", Until: stored.AddDate(0, 0, 60),
		NumberMAC: svc.Keys.NumberMAC(k.s.Number)}, opened)
	require.Equal(t, string(got.Decision.ID), k.personal[0].Evidence.DecisionID)
	_, err = svc.Decide(t.Context(), "s1", "wang", Order{Verdict: Dismiss}, request.Request{Method: "DecideSuspect", ID: "r2"})
	require.Equal(t, "ALREADY_DECIDED", fault.ReasonOf(err))

	for _, reason := range []string{"", " \t", strings.Repeat("长", MaxNote+1)} {
		_, err = svc.Revert(t.Context(), "s1", "", "wang", reason, request.Request{Method: "RevertDecision", ID: "r3"})
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%q", reason)
		require.ErrorContains(t, err, "reason")
	}
	back, err := svc.Revert(t.Context(), "s1", got.Decision.ID, "wang", "misheard", request.Request{Method: "RevertDecision", ID: "r3"})
	require.NoError(t, err)
	require.Nil(t, back.Decision)
	require.Equal(t, request.Request{Method: "RevertDecision", ID: "r3"}, k.request)
	require.Equal(t, &Reversal{By: "wang", At: stored, Reason: "misheard"},
		k.change.Decisions[0].Reversal)
	require.Equal(t, freeze.Entry{Kind: freeze.Released, Seq: 2, FreezeID: opened.FreezeID,
		At: stored, Reason: freeze.Reason(freeze.Reverted),
		NumberMAC: opened.NumberMAC}, k.entered[1])
	require.Equal(t, "decision reverted: misheard", k.personal[1].Text)
	require.Equal(t, "wang", k.personal[1].Actor)
}
