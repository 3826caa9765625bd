package review

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/request"
)

// single keeps one suspect and notes what it was asked to write. How real stores do it
// is proved where they are.
type single struct {
	s       Suspect
	request request.Request
	change  Change
}

func (k *single) ChangeSuspect(_ context.Context, _ ID, req request.Request, change func(Suspect) (Change, error)) (Suspect, error) {
	c, err := change(k.s)
	if err != nil {
		return Suspect{}, err
	}
	k.request, k.change, k.s = req, c, c.Suspect
	return k.s, nil
}

func service(t *testing.T) (*Service, *single) {
	t.Helper()
	k := &single{s: open(t)}
	odd := noon.Add(1234567).In(time.FixedZone("CST", 8*3600))
	return &Service{Store: k, Periods: periods, Lease: 10 * time.Minute, Now: func() time.Time { return odd }}, k
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
			got, err := svc.Claim(t.Context(), "s1", "li", tt.lease, "r1")
			if tt.want < 0 {
				require.Equal(t, fault.Invalid, fault.KindOf(err))
				require.ErrorContains(t, err, "lease")
				return
			}
			require.NoError(t, err)
			require.Equal(t, &Claim{By: "li", Until: stored.Add(tt.want)}, got.Claim)
			require.Equal(t, request.Request{Method: "ClaimSuspect", ID: "r1"}, k.request)
			require.Equal(t, Change{Suspect: got}, k.change)
		})
	}
}

func TestServiceDecideAndRevert(t *testing.T) {
	t.Parallel()
	svc, k := service(t)
	got, err := svc.Decide(t.Context(), "s1", "li", Order{Verdict: Confirm}, "r1")
	require.NoError(t, err)
	require.Equal(t, stored, got.Decision.At)
	id, err := ulid.ParseStrict(string(got.Decision.ID))
	require.NoError(t, err)
	require.Equal(t, ulid.Timestamp(stored), id.Time())
	require.Equal(t, request.Request{Method: "DecideSuspect", ID: "r1"}, k.request)
	require.Equal(t, got.Decision, k.change.Decision)
	require.Equal(t, string(got.Decision.ID), k.change.Effect.Freeze.Evidence.DecisionID)
	_, err = svc.Decide(t.Context(), "s1", "wang", Order{Verdict: Dismiss}, "r2")
	require.Equal(t, "ALREADY_DECIDED", fault.ReasonOf(err))

	for _, reason := range []string{"", " \t", strings.Repeat("长", MaxNote+1)} {
		_, err = svc.Revert(t.Context(), "s1", "", "wang", reason, "r3")
		require.Equal(t, fault.Invalid, fault.KindOf(err), "%q", reason)
		require.ErrorContains(t, err, "reason")
	}
	back, err := svc.Revert(t.Context(), "s1", got.Decision.ID, "wang", "misheard", "r3")
	require.NoError(t, err)
	require.Nil(t, back.Decision)
	require.Equal(t, request.Request{Method: "RevertDecision", ID: "r3"}, k.request)
	require.Equal(t, &Reversal{By: "wang", At: stored, Reason: "misheard"}, k.change.Decision.Reversal)
	require.Nil(t, k.change.Effect.Release, "this store gave the decision no freeze")
}
