package output

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"
)

func TestTableLinesUpWideCharacters(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tab := NewTable("CALL", "SAID", "SCORE")
	tab.Add("c-1", "我没兴趣", "0.90")
	tab.Add("c-22", "", "0.00")
	tab.Add("c-3", "ok，再见", "")
	require.NoError(t, tab.Write(&out))
	require.Equal(t, "CALL  SAID      SCORE\nc-1   我没兴趣  0.90\nc-22            0.00\n"+
		"c-3   ok，再见\n", out.String())
}

// Whatever stands in a cell, it steers no terminal, and a name made of a number doesn't tell it.
func TestTableShowsWhatSteers(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tab := NewTable("CALL", "SAID", "WHEN")
	tab.Add("20261128-13912345678", "\x1b[2J\u202e13912345678\nx", "2026-11-28 14:35")
	tab.Add("a\tb\r", "\u009bm\x9b", "")
	require.NoError(t, tab.Write(&out))
	require.Equal(t, "CALL                  SAID                               WHEN\n"+
		"20261128-139****5678  \\u001b[2J\\u202e13912345678\\u000ax  2026-11-28 14:35\n"+
		"a\\u0009b\\u000d        \\u009bm\ufffd\n", out.String())
	out.Reset()
	particulars := Table{}
	particulars.Add("call", "13912345678")
	particulars.Add("number", "139****5678")
	particulars.Add("agent", "+8613912345678")
	require.NoError(t, particulars.Write(&out))
	require.Equal(t, "call    139****5678\nnumber  139****5678\nagent   +86139****5678\n", out.String())
}

// A table that goes on lines up, has its names once, and masks what it masked.
func TestTableGoesOn(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tab := NewTable("CALL", "STATE")
	tab.Add("call-13912345678", "open")
	require.NoError(t, tab.Write(&out))
	tab.Add("c", "claimed")
	tab.Add("13912345678", "claimed")
	require.NoError(t, tab.Write(&out))
	require.Equal(t, "CALL              STATE\ncall-139****5678  open\nc                 claimed\n"+
		"139****5678       claimed\n", out.String())
}

func TestShortened(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text  string
		cells int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"我没兴趣", 8, "我没兴趣"},
		{"我没兴趣了", 8, "我没兴…"},
		{"", 1, ""},
	} {
		require.Equal(t, tt.want, Shorten(tt.text, tt.cells))
	}
}

// In a terminal that is too narrow, rows go on in further lines instead of breaking anywhere.
func TestTableInNarrowTerminals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cells int
		want  string
	}{
		{0, "SUSPECT  CLASS         CALLED            SAID\n" +
			"01K3     stop_calling  2026-11-28 14:35  不用考虑别再打了\n" +
			"01K4     no_need       2026-11-28 14:36\n"},
		{57, "SUSPECT  CLASS         CALLED            SAID\n" +
			"01K3     stop_calling  2026-11-28 14:35  不用考虑别再打了\n" +
			"01K4     no_need       2026-11-28 14:36\n"},
		{56, "SUSPECT  CLASS         CALLED\n  SAID\n" +
			"01K3     stop_calling  2026-11-28 14:35\n  不用考虑别再打了\n" +
			"01K4     no_need       2026-11-28 14:36\n"},
		{24, "SUSPECT  CLASS\n  CALLED\n  SAID\n01K3     stop_calling\n  2026-11-28 14:35\n" +
			"  不用考虑别再打了\n01K4     no_need\n  2026-11-28 14:36\n"},
		{12, "SUSPECT\n  CLASS\n  CALLED\n  SAID\n01K3\n  stop_call…\n  2026-11-2…\n  不用考虑…\n" +
			"01K4\n  no_need\n  2026-11-2…\n"},
	} {
		tab := NewTable("SUSPECT", "CLASS", "CALLED", "SAID")
		tab.Add("01K3", "stop_calling", "2026-11-28 14:35", "不用考虑别再打了")
		tab.Add("01K4", "no_need", "2026-11-28 14:36", "")
		var out bytes.Buffer
		require.NoError(t, tab.write(&out, tt.cells))
		require.Equal(t, tt.want, out.String(), "%d cells", tt.cells)
		for line := range strings.Lines(out.String()) {
			if tt.cells > 0 {
				require.LessOrEqual(t, uniseg.StringWidth(strings.TrimRight(line, "\n")), tt.cells)
			}
		}
	}
}
