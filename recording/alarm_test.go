package recording

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAlarms(t *testing.T) {
	t.Parallel()
	const good, bad, mixed = "g", "b", "gb"
	type stretch struct {
		n     int
		kind  string
		every time.Duration
	}
	for _, tt := range []struct {
		name     string
		sent     []stretch
		raisedAt []int // recordings, counted from 1
		endedAt  []int
		stands   bool
	}{
		{"all is well", []stretch{{300, good, time.Second}}, nil, nil, false},
		{"broken from the first", []stretch{{50, bad, time.Minute}}, []int{20}, nil, true},
		{"too few to tell", []stretch{{19, bad, time.Minute}}, nil, nil, false},
		{"too slow to tell", []stretch{{100, bad, 4 * time.Minute}}, nil, nil, false},
		{"breaks", []stretch{{100, good, time.Second}, {100, bad, time.Second}}, []int{111}, nil,
			true},
		{"breaks and is mended", []stretch{{100, good, time.Second}, {30, bad, time.Second},
			{30, good, time.Second}}, []int{111}, []int{146}, false},
		{"half of it has always been so", []stretch{{10, good, time.Second}, {200, mixed, time.Second},
			{100, bad, time.Second}}, nil, nil, false},
		{"breaks again", []stretch{{100, good, time.Second}, {30, bad, time.Second},
			{100, good, time.Second}, {30, bad, time.Second}}, []int{111, 241}, []int{146}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var a Alarms
			var raised, ended []int
			n, now := 0, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
			for _, s := range tt.sent {
				for i := range s.n {
					n++
					now = now.Add(s.every)
					var d Defects
					if s.kind[i%len(s.kind)] == 'b' {
						d = d.Add(CustomerDead)
					}
					up, down := a.Judged("pbx", d, now)
					if up != nil {
						raised = append(raised, n)
						require.Equal(t, now, up.Since)
					}
					if down != nil {
						ended = append(ended, n)
					}
				}
			}
			require.Equal(t, tt.raisedAt, raised)
			require.Equal(t, tt.endedAt, ended)
			standing, watched := a.Standing()
			require.Equal(t, tt.stands, len(standing) == 1)
			require.Equal(t, []string{"pbx"}, watched)
		})
	}
}

func TestAlarmsAreOfTheirSource(t *testing.T) {
	t.Parallel()
	var a Alarms
	at := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	for range 25 {
		a.Judged("broken", Defects(0).Add(SidesSwapped), at)
		a.Judged("fine", Defects(0).Add(Truncated, HeaderUnfinished), at)
	}
	standing, watched := a.Standing()
	require.Equal(t, []Alarm{{Source: "broken", Broken: 20, Of: 20, Since: at}}, standing)
	require.Equal(t, []string{"broken", "fine"}, watched)
	for i := range 2 * maxSources {
		a.Judged(string(rune('一'+i)), 0, at)
	}
	_, watched = a.Standing()
	require.Len(t, watched, maxSources)
}
