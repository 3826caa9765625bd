package freeze

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestStands(t *testing.T) {
	t.Parallel()
	end := noon.Add(time.Hour)
	forEver := Freeze{From: noon}
	hour := Freeze{From: noon, Until: end}
	released := Freeze{From: noon, Until: end, Release: &Release{At: noon.Add(time.Minute)}}
	freed := Freeze{From: noon, Release: &Release{At: noon.Add(time.Minute)}}
	early := Freeze{From: noon, Until: end, Release: &Release{At: noon.Add(-time.Minute)}}
	for _, tt := range []struct {
		name string
		f    Freeze
		at   time.Time
		want bool
	}{
		{"before it begins", hour, noon.Add(-1), false},
		{"when it begins", hour, noon, true},
		{"just before it ends", hour, end.Add(-1), true},
		{"when it ends", hour, end, false},
		{"without an end", forEver, noon.AddDate(100, 0, 0), true},
		{"without an end, before", forEver, noon.Add(-1), false},
		{"before its release", released, noon.Add(time.Minute - 1), true},
		{"at its release", released, noon.Add(time.Minute), false},
		{"endless, after its release", freed, noon.Add(time.Hour), false},
		{"released before it began", early, noon, false},
		{"other time zone", hour, noon.In(time.FixedZone("CST", 8*3600)), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.f.Stands(tt.at))
		})
	}
}

func TestLatest(t *testing.T) {
	t.Parallel()
	short := Freeze{ID: "short", From: noon, Until: noon.Add(time.Hour)}
	long := Freeze{ID: "long", From: noon, Until: noon.Add(48 * time.Hour)}
	endless := Freeze{ID: "endless", From: noon}
	over := Freeze{ID: "over", From: noon, Release: &Release{At: noon}}
	future := Freeze{ID: "future", From: noon.Add(24 * time.Hour)}
	for _, tt := range []struct {
		name    string
		freezes []Freeze
		at      time.Time
		want    ID
	}{
		{"none", nil, noon, ""},
		{"the latest end answers", []Freeze{short, long}, noon, "long"},
		{"in any order", []Freeze{long, short}, noon, "long"},
		{"no end outlasts all", []Freeze{long, endless, short}, noon, "endless"},
		{"released ones don't count", []Freeze{over, short}, noon, "short"},
		{"nor those to come", []Freeze{future, short}, noon, "short"},
		{"all over", []Freeze{over, short}, noon.Add(time.Hour), ""},
		{"of two without end the first", []Freeze{endless, {ID: "second", From: noon}}, noon,
			"endless"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := Latest(tt.freezes, tt.at)
			require.Equal(t, tt.want, got.ID)
			require.Equal(t, tt.want != "", ok)
		})
	}
}
