package figures

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/number"
)

// said is a call from the last digit of a number, in which the phrase was said so.
func said(t *testing.T, digit uint64, texts ...string) DecidedHits {
	t.Helper()
	n, err := number.FromDigits(8613800138000 + digit)
	require.NoError(t, err)
	d := DecidedHits{Number: n}
	for _, text := range texts {
		d.Hits = append(d.Hits, DecidedHit{Phrase: "没兴趣", Class: "not_interested", Text: text})
	}
	return d
}

func TestWordings(t *testing.T) {
	t.Parallel()
	again := said(t, 3, "a", "a")
	again.Hits[0].Class = "no_need" // another phrase's hit on the same words
	learned := said(t, 3, "我是王小明")
	learned.Hits[0].Phrase = ""
	for name, tt := range map[string]struct {
		calls []DecidedHits
		want  string
	}{
		"nothing":                      {nil, ""},
		"what two said":                {[]DecidedHits{said(t, 1, "a"), said(t, 2, "a")}, ""},
		"what two said in many calls":  {[]DecidedHits{said(t, 1, "a"), said(t, 2, "a"), said(t, 2, "a"), said(t, 1, "a")}, ""},
		"what one said many times":     {[]DecidedHits{said(t, 1, "a", "a", "a")}, ""},
		"what three said":              {[]DecidedHits{said(t, 1, "a"), said(t, 2, "a"), said(t, 3, "a")}, "a"},
		"beside a hit of another kind": {[]DecidedHits{said(t, 1, "a"), said(t, 2, "a"), again}, "a"},
		"what most said": {[]DecidedHits{said(t, 1, "a", "b"), said(t, 2, "a", "b"), said(t, 3, "b", "a"), said(t, 1, "b")},
			"b"},
		"the first of equal ones": {[]DecidedHits{said(t, 1, "b", "a"), said(t, 2, "b", "a"), said(t, 3, "a", "b")}, "a"},
		"what was learned":        {[]DecidedHits{learned, learned, learned, said(t, 1), said(t, 2)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := wordings{}
			for _, d := range tt.calls {
				for i := range d.Hits {
					if d.Hits[i].Class == "not_interested" {
						w.add(d, i)
					}
				}
			}
			require.Equal(t, tt.want, w.usual())
		})
	}
}

// However many wordings there are, no more are counted; those that are known still are.
func TestWordingsAreBounded(t *testing.T) {
	t.Parallel()
	w := wordings{}
	w.add(said(t, 1, "known"), 0)
	for i := range 2 * mostWordings {
		w.add(said(t, 1, string(rune('一'+i))), 0)
	}
	require.Len(t, w, mostWordings)
	w.add(said(t, 2, "known"), 0)
	w.add(said(t, 3, "known"), 0)
	require.Equal(t, "known", w.usual())
}
