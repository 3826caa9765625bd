package freeze

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
)

func TestCheckOrder(t *testing.T) {
	t.Parallel()
	ok := Freeze{Number: parse(t, "13800138000"), Reason: Manual, From: noon,
		Until: noon.Add(time.Hour), Line: "sales", Note: "asked"}
	require.NoError(t, ok.CheckOrder())
	for name, tt := range map[string]struct {
		change func(*Freeze)
		want   string
	}{
		"no number": {func(f *Freeze) { *f = Freeze{Reason: Manual, From: noon} },
			"number"},
		"a reviewer's": {func(f *Freeze) { f.Reason = Refused }, `reason: is "refused"`},
		"a rule's":     {func(f *Freeze) { f.Reason = Ruled }, `reason: is "rule"`},
		"ends at its begin": {func(f *Freeze) { f.Until = noon },
			"end_time: is 2026-03-02T12:00:00Z"},
		"ends before": {func(f *Freeze) { f.Until = noon.Add(-1) }, "end_time"},
		"begins long ago": {func(f *Freeze) {
			f.From = time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)
		}, "start_time"},
		"an endless line": {func(f *Freeze) { f.Line = strings.Repeat("x", 129) },
			"line: has 129 bytes"},
		"a class of no text": {func(f *Freeze) { f.Class = "\xff" }, "class"},
		"an endless note": {func(f *Freeze) { f.Note = strings.Repeat("冻", 2001) },
			"reason: has 2001 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := ok
			tt.change(&f)
			require.Equal(t, fault.Invalid, fault.KindOf(f.CheckOrder()))
			require.ErrorContains(t, f.CheckOrder(), tt.want)
		})
	}
	for _, r := range []Reason{Manual, Complained, Imported} {
		ok.Reason, ok.Until = r, time.Time{}
		require.NoError(t, ok.CheckOrder(), "%s, until released", r)
	}
}

func TestExtend(t *testing.T) {
	t.Parallel()
	f := Freeze{ID: "f", From: noon, Until: noon.Add(time.Hour)}
	longer, err := f.Extend(noon.Add(2*time.Hour), noon, "")
	require.NoError(t, err)
	require.Equal(t, noon.Add(2*time.Hour), longer.Until)
	endless, err := f.Extend(time.Time{}, noon, "")
	require.NoError(t, err)
	require.Zero(t, endless.Until)
	released := f
	released.Release = &Release{At: noon}
	for _, tt := range []struct {
		name  string
		f     Freeze
		until time.Time
		now   time.Time
		kind  fault.Kind
		want  string
	}{
		{"to the same end", f, f.Until, noon, fault.Invalid,
			"must be after the end so far, 2026-03-02T13:00:00Z"},
		{"to an earlier end", f, noon.Add(time.Minute), noon, fault.Invalid, "end_time"},
		{"one without an end", endless, noon.Add(time.Hour), noon, fault.Invalid,
			"until somebody releases it"},
		{"a released one", released, time.Time{}, noon, fault.Precondition, "freezes/f"},
		{"one that is over", f, time.Time{}, f.Until, fault.Precondition, "anew"},
	} {
		_, err := tt.f.Extend(tt.until, tt.now, "")
		require.Equal(t, tt.kind, fault.KindOf(err), tt.name)
		require.ErrorContains(t, err, tt.want, tt.name)
	}
	_, err = f.Extend(time.Time{}, noon, strings.Repeat("x", 2001))
	require.ErrorContains(t, err, "reason")
}

func TestAllowCheckOrder(t *testing.T) {
	t.Parallel()
	ok := Allow{Number: parse(t, "13800138000"), From: noon, Until: noon.Add(366 * 24 * time.Hour),
		Note: "asked to be called"}
	require.NoError(t, ok.CheckOrder())
	for name, tt := range map[string]struct {
		change func(*Allow)
		want   string
	}{
		"no number": {func(a *Allow) { *a = Allow{From: noon, Until: noon.Add(1)} },
			"number"},
		"no end":            {func(a *Allow) { a.Until = time.Time{} }, "end_time: is missing"},
		"ends at its begin": {func(a *Allow) { a.Until = noon }, "must be after the begin"},
		"too far ahead":     {func(a *Allow) { a.Until = a.Until.Add(1) }, "at most 366 days"},
		"an endless note":   {func(a *Allow) { a.Note = strings.Repeat("x", 2001) }, "reason"},
	} {
		a := ok
		tt.change(&a)
		require.Equal(t, fault.Invalid, fault.KindOf(a.CheckOrder()), name)
		require.ErrorContains(t, a.CheckOrder(), tt.want, name)
	}
}
