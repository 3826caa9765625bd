package review

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
)

func TestRelease(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		s          Suspect
		by         string
		supervisor bool
		reason     string
	}{
		{"one's own", claimed(t, "li", noon.Add(time.Minute)), "li", false, ""},
		{"another's", claimed(t, "li", noon.Add(time.Minute)), "wang", false, "CLAIMED"},
		{"by a supervisor", claimed(t, "li", noon.Add(time.Minute)), "boss", true, ""},
		{"nobody's", open(t), "li", false, ""},
		{"that ended", claimed(t, "li", noon), "wang", false, ""},
		{"decided", decided(t, Dismiss), "li", true, "ALREADY_DECIDED"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.s.release(tt.by, tt.supervisor, noon)
			require.Equal(t, tt.reason, fault.ReasonOf(err))
			if tt.reason == "" {
				require.Equal(t, Open, got.State(noon))
			}
			if tt.s.Claim != nil {
				require.Equal(t, "li", got.Claim.By, "it stays known who had it")
			}
		})
	}
}

func TestPass(t *testing.T) {
	t.Parallel()
	got, err := claimed(t, "li", noon.Add(time.Minute)).pass("li", "a dialect", noon)
	require.NoError(t, err)
	require.Equal(t, &Pass{By: "li", At: noon, Note: "a dialect"}, got.Pass)
	require.Equal(t, Open, got.State(noon))
	_, err = claimed(t, "li", noon.Add(time.Minute)).pass("wang", "a dialect", noon)
	require.Equal(t, "CLAIMED", fault.ReasonOf(err))
	_, err = decided(t, Dismiss).pass("li", "a dialect", noon)
	require.Equal(t, "ALREADY_DECIDED", fault.ReasonOf(err))
}

// A reviewer may freeze for another period than the class's, but where that is until somebody releases.
func TestFreezePeriod(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name  string
		order Order
		want  time.Duration // 0 for refused
	}{
		{"the class's", Order{Verdict: Confirm}, 60 * day},
		{"shorter", Order{Verdict: Confirm, Period: day}, day},
		{"longer", Order{Verdict: Confirm, Period: 3650 * day}, 3650 * day},
		{"too short", Order{Verdict: Confirm, Period: day - 1}, 0},
		{"too long", Order{Verdict: Confirm, Period: 3651 * day}, 0},
		{"negative", Order{Verdict: Confirm, Period: -day}, 0},
		{"until released", Order{Verdict: Confirm, Class: "stop_calling", Period: day}, 0},
		{"dismissed", Order{Verdict: Dismiss, Period: day}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, f, err := open(t).decide(tt.order, "d1", "li", noon, periods)
			if tt.want == 0 {
				require.Equal(t, fault.Invalid, fault.KindOf(err))
				require.ErrorContains(t, err, "freeze_period")
				return
			}
			require.NoError(t, err)
			require.Equal(t, noon.Add(tt.want), f.Until)
		})
	}
}

func TestServiceNext(t *testing.T) {
	t.Parallel()
	svc, k := service(t)
	n := Next{Filter: Filter{For: "li", Class: keywords.Class("no_need")}, Supervisor: true}
	got, found, err := svc.Next(t.Context(), n, 0, request.Request{ID: "r1"})
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, &Claim{By: "li", Until: stored.Add(svc.Lease), At: stored}, got.Claim)
	n.Now = stored
	require.Equal(t, n, k.next)
	_, _, err = svc.Next(t.Context(), n, MaxLease+1, request.Request{})
	require.ErrorContains(t, err, "lease")
}

func TestMayAppeal(t *testing.T) {
	t.Parallel()
	before := decided(t, Confirm)
	before.Appeal = &Appeal{By: "boss", At: noon, Decision: "d1", State: AppealUpheld}
	another := decided(t, Confirm)
	another.Appeal = &Appeal{By: "boss", At: noon, Decision: "d0"}
	look := decided(t, Confirm)
	look.Kind, look.First = Second, "s0"
	for _, tt := range []struct {
		name     string
		s        Suspect
		decision DecisionID
		reason   string
	}{
		{"confirmed", decided(t, Confirm), "", ""},
		{"by its name", decided(t, Confirm), "d1", ""},
		{"another decision", decided(t, Confirm), "d2", "DECISION_NOT_CURRENT"},
		{"dismissed", decided(t, Dismiss), "", "NOT_CONFIRMED"},
		{"open", open(t), "", "NOT_CONFIRMED"},
		{"a second look", look, "", "NOT_CONFIRMED"},
		{"before", before, "", "APPEALED"},
		{"another one before", another, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.reason, fault.ReasonOf(tt.s.mayAppeal(tt.decision)))
		})
	}
}
