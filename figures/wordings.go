package figures

import (
	"slices"

	"github.com/refrain-asr/refrain/number"
)

// A phrase is a pattern, which says little to whoever reads a report. These are how it was said. What was learned has
// no pattern: its hits are what somebody said as a whole, and of these there is no example.

// leastAlike is how many numbers must have said something alike for it to be shown: what fewer said may tell who they
// are.
const leastAlike = 3

// mostWordings bounds how many wordings of a phrase are counted. A pattern takes few.
const mostWordings = 500

// wording is something that was said: in how many calls, and by which numbers, of which leastAlike are kept.
type wording struct {
	calls int
	by    []number.Number
}

type wordings map[string]*wording

// add counts the hit i of a call, unless the phrase was said alike in it before.
func (w wordings) add(d DecidedHits, i int) {
	h := d.Hits[i]
	if h.Phrase == "" || slices.Contains(d.Hits[:i], h) || w[h.Text] == nil && len(w) >= mostWordings {
		return
	}
	if w[h.Text] == nil {
		w[h.Text] = &wording{}
	}
	said := w[h.Text]
	said.calls++
	if len(said.by) < leastAlike && !slices.Contains(said.by, d.Number) {
		said.by = append(said.by, d.Number)
	}
}

// usual is what was said in most calls, of equals the first in order; "" where fewer than leastAlike said it.
func (w wordings) usual() (text string) {
	most := 0
	for is, said := range w {
		if len(said.by) < leastAlike {
			continue
		}
		if said.calls > most || said.calls == most && is < text {
			text, most = is, said.calls
		}
	}
	return text
}
