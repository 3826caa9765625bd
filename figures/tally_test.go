package figures_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

func phone(t *testing.T, i int) number.Number {
	t.Helper()
	n, err := number.Parse(fmt.Sprintf("138001%05d", i), "CN")
	require.NoError(t, err)
	return n
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

// Days are those of the zone, and a number that is refused on one counts once as avoided.
func TestTallyByDays(t *testing.T) {
	t.Parallel()
	where := zone(t, "Asia/Shanghai")
	tally := figures.NewTally(func() *time.Location { return where })
	evening := time.Date(2026, 3, 2, 15, 59, 59, 0, time.UTC) // one second before midnight
	frozen := func(i int) gate.Refusal {
		return gate.Refusal{Number: phone(t, i), Reason: gate.Frozen}
	}
	tally.Asked(evening, 5)
	tally.Refused(evening, true, frozen(1), frozen(2), frozen(1))
	tally.Refused(evening, false, frozen(3), frozen(1))
	tally.Refused(evening, true, gate.Refusal{Number: phone(t, 1), Reason: gate.RuleLimit})
	tally.Asked(evening.Add(time.Second), 1)
	tally.Refused(evening.Add(time.Second), true, frozen(1))
	tally.Asked(evening, 1) // a clock that was set back
	taken := tally.Take()
	require.Equal(t, map[figures.GateCount]int64{
		{"2026-03-02", figures.Checks}: 5, {"2026-03-02", "frozen"}: 5,
		{"2026-03-02", "rule_limit"}: 1, {"2026-03-02", figures.Avoided}: 2,
		{"2026-03-03", figures.Checks}: 2, {"2026-03-03", "frozen"}: 1,
		{"2026-03-03", figures.Avoided}: 1,
	}, taken)
	require.Empty(t, tally.Take())
	tally.Refused(evening.Add(time.Hour), true, frozen(1), frozen(4))
	tally.Return(taken)
	require.EqualValues(t, 2, tally.Take()[figures.GateCount{Day: "2026-03-03",
		What: figures.Avoided}], "what was counted before is taken only once")

	where = zone(t, "UTC") // other rules
	tally.Asked(evening.Add(24*time.Hour), 1)
	require.Equal(t, map[figures.GateCount]int64{{"2026-03-03", figures.Checks}: 1}, tally.Take())
}

// Whoever is not called because of the hours is called when they begin: nothing is saved.
func TestHoursAvoidNothing(t *testing.T) {
	t.Parallel()
	tally := figures.NewTally(func() *time.Location { return time.UTC })
	tally.Refused(time.Unix(0, 0), true, gate.Refusal{Number: phone(t, 1), Reason: gate.OutOfHours})
	require.Equal(t, map[figures.GateCount]int64{{"1970-01-01", "hours"}: 1}, tally.Take())
}

func TestTallyLosesNothing(t *testing.T) {
	t.Parallel()
	tally := figures.NewTally(func() *time.Location { return time.UTC })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				tally.Asked(time.Unix(0, 0), 1)
				tally.Return(tally.Take())
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 2000, tally.Take()[figures.GateCount{Day: "1970-01-01",
		What: figures.Checks}])
}
