package transcript

import (
	"slices"
	"strings"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Mark is a passage to stand out: characters from start to end.
type Mark struct {
	Start, End int
	Vetoed     bool
}

// MarkOf is the passage of a hit that the server reports, in its segment.
func MarkOf(h *pb.Hit) Mark { return Mark{int(h.GetStart()), int(h.GetEnd()), h.GetVeto() != nil} }

// Highlight puts brackets around passages: 【】 around those that count, 〔〕 around
// vetoed ones. Passages that overlap are marked as one; a vetoed one that overlaps one
// that counts is not marked.
func Highlight(text string, marks []Mark) string {
	runes := []rune(text)
	var out strings.Builder
	at := 0
	for _, m := range merge(marks, len(runes)) {
		open, shut := "【", "】"
		if m.Vetoed {
			open, shut = "〔", "〕"
		}
		out.WriteString(string(runes[at:m.Start]) + open + string(runes[m.Start:m.End]) + shut)
		at = m.End
	}
	return out.String() + string(runes[at:])
}

// merge gives the passages to mark in a text of so many characters, in their order.
func merge(marks []Mark, length int) (all []Mark) {
	slices.SortFunc(marks, func(a, b Mark) int { return a.Start - b.Start })
	for _, vetoed := range []bool{false, true} {
		var some []Mark
		for _, m := range marks {
			last := len(some) - 1
			switch {
			case m.Vetoed != vetoed, m.Start < 0, m.Start >= m.End, m.End > length, vetoed &&
				slices.ContainsFunc(all, m.overlaps):
			case last >= 0 && some[last].overlaps(m):
				some[last].End = max(some[last].End, m.End)
			default:
				some = append(some, m)
			}
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b Mark) int { return a.Start - b.Start })
	return all
}

func (m Mark) overlaps(o Mark) bool { return m.Start < o.End && o.Start < m.End }
