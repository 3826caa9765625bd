package lexicon

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var corrected = &Correction{
	Made: time.Date(2026, 5, 1, 9, 30, 0, 0, time.UTC), Upon: "v1+0123abcd", Model: "0123456789ab",
	Confirmed: 104, Dismissed: 96, Shift: -0.7,
	Items: []Item{
		{Kind: Run, Text: "师傅", Weight: -1.32, Dismissed: 7},
		{Kind: OfPhrase, Text: "不需要", Weight: 0.4, Confirmed: 9, Dismissed: 1},
		{Kind: OfClass, Text: "stop_calling", Weight: -0.2, Confirmed: 3, Dismissed: 8},
		{Kind: Unnamed, Weight: 0.25, Confirmed: 4, Dismissed: 4},
		{Kind: Length, Text: "4", Weight: -0.5, Confirmed: 1, Dismissed: 2},
	},
}

func TestCorrectionIsKept(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]string{
		"at the end": small, "no last line": strings.TrimSuffix(small, "\n"),
		"own comment": small + "\n# mine\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			twice := WithCorrection(WithCorrection([]byte(source), &Correction{}), corrected)
			require.Equal(t, 1, strings.Count(string(twice), "learned_here:"))
			lex, err := Parse(twice)
			require.NoError(t, err)
			require.Empty(t, lex.Odd)
			require.True(t, lex.Correction.Counts())
			got := *lex.Correction
			for i := range got.Items {
				require.NotZero(t, got.Items[i].Line)
				got.Items[i].Line = 0
			}
			require.Equal(t, *corrected, got)
			bare, err := Parse(WithoutCorrection(twice))
			require.NoError(t, err)
			require.Nil(t, bare.Correction)
			require.False(t, bare.Correction.Counts())
		})
	}
	require.Equal(t, small, string(WithoutCorrection([]byte(small))))
}

func TestCorrectionIsSwitchedOff(t *testing.T) {
	t.Parallel()
	source := string(WithCorrection([]byte(small), corrected))
	for _, off := range []string{
		strings.Replace(source, "enabled: true", "enabled: false", 1),
		small + "\nlearned_here: off\n",
	} {
		lex, err := Parse([]byte(off))
		require.NoError(t, err)
		require.NotNil(t, lex.Correction)
		require.False(t, lex.Correction.Counts())
	}
}

func TestCorrectionMistakes(t *testing.T) {
	t.Parallel()
	const head = "\nlearned_here:\n  made: 2026-05-01T09:30:00Z\n"
	item := func(row string) string { return head + "  items:\n    - " + row + "\n" }
	for add, want := range map[string]string{
		"\nlearned_here: on\n":                               "learned_here is off, or what",
		"\nlearned_here: [1]\n":                              "learned_here is off, or what",
		head + "  shfit: 1\n":                                `no field "shfit"; did you mean "shift"?`,
		head + "  shift: -3.5\n":                             "shift -3.5: use a number from -3 to 3",
		head + "  shift: .nan\n":                             "use a number from -3 to 3",
		head + "  confirmed: -1\n":                           "counts of decisions under 0",
		"\nlearned_here: {made: today}\n":                    `made "today": write a time`,
		item("[1, 2, 3]"):                                    "expected a weight, two counts",
		item("[3.01, 1, 1, run, 师傅]"):                        "weight 3.01: use a number",
		item("[.nan, 1, 1, run, 师傅]"):                        "weight NaN: use a number",
		item("[1, -1, 1, run, 师傅]"):                          "counts under 0",
		item("[1, 1, 1, run, 师]"):                            `run "师": write 2 to 6 characters`,
		item("[1, 1, 1, run, 师傅们都在这里]"):                      "write 2 to 6 characters",
		item("[1, 1, 1, run, '师，傅']"):                        "without spaces and punctuation",
		item("[1, 1, 1, rum, 师傅]"):                           `kind "rum": there is no such thing`,
		item("[1, 1, 1, length, 5]"):                         `length "5": write 0, or a multiple`,
		item("[1, 1, 1, length, 24]"):                        `length "24": write 0, or a multiple`,
		item("[1, 1, 1, no_phrase, x]"):                      `no_phrase "x": it has no text`,
		item("[1, 1, 1, run, 师傅]\n    - [1, 1, 1, run, 师傅]"): "is there already, at line",
		head + "  items:\n" + strings.Repeat("    - [1, 1, 1, no_phrase, '']\n", 201): "the most is 200",
	} {
		_, err := Parse([]byte(small + add))
		require.ErrorContains(t, err, want, add)
	}
}

// TestCorrectionOfPhrasesGone: a phrase may be taken out of a lexicon that was corrected before.
func TestCorrectionOfPhrasesGone(t *testing.T) {
	t.Parallel()
	c := *corrected
	c.Items = []Item{{Kind: OfPhrase, Text: "不在了", Weight: 1}, {Kind: OfClass, Text: "b", Weight: 1}}
	lex, err := Parse(WithCorrection([]byte(small), &c))
	require.NoError(t, err)
	require.Len(t, lex.Odd, 2)
	require.Contains(t, lex.Odd[0].What, `phrase "不在了" is none of this lexicon any more`)
}
