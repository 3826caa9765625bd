package main

import (
	"fmt"
	"slices"
	"strings"
)

// mark is a passage to stand out: characters from start to end.
type mark struct {
	start, end int
	vetoed     bool
}

// marked puts brackets around passages: 【】 around those that count, 〔〕 around
// vetoed ones. Passages that overlap are marked as one; a vetoed one that overlaps one
// that counts is not marked.
func marked(text string, marks []mark) string {
	runes := []rune(text)
	var out strings.Builder
	at := 0
	for _, m := range united(marks, len(runes)) {
		open, shut := "【", "】"
		if m.vetoed {
			open, shut = "〔", "〕"
		}
		out.WriteString(string(runes[at:m.start]) + open + string(runes[m.start:m.end]) + shut)
		at = m.end
	}
	return out.String() + string(runes[at:])
}

// united are the passages to mark in a text of so many characters, in their order.
func united(marks []mark, length int) (all []mark) {
	slices.SortFunc(marks, func(a, b mark) int { return a.start - b.start })
	for _, vetoed := range []bool{false, true} {
		var some []mark
		for _, m := range marks {
			last := len(some) - 1
			switch {
			case m.vetoed != vetoed, m.start < 0, m.start >= m.end, m.end > length, vetoed && slices.ContainsFunc(all, m.overlaps):
			case last >= 0 && some[last].overlaps(m):
				some[last].end = max(some[last].end, m.end)
			default:
				some = append(some, m)
			}
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b mark) int { return a.start - b.start })
	return all
}

func (m mark) overlaps(o mark) bool { return m.start < o.end && o.start < m.end }

// describe tells of a hit in a few words.
func (h hitLine) describe() string {
	text := fmt.Sprintf("%s %q %.2f", h.Class, h.Text, h.Score)
	if h.Match != "exact" {
		text += " by " + h.Match
	}
	if h.Veto == nil {
		return text
	}
	text += ", does not count: " + h.Veto.Reason
	if h.Veto.Text != "" {
		text += fmt.Sprintf(" %q", h.Veto.Text)
	}
	return text
}
