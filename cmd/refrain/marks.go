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
// vetoed ones. Of passages that overlap one is marked, rather one that counts.
func marked(text string, marks []mark) string {
	runes := []rune(text)
	var kept []mark
	for _, vetoed := range []bool{false, true} {
		for _, m := range marks {
			fits := m.start >= 0 && m.start < m.end && m.end <= len(runes)
			if m.vetoed == vetoed && fits && !slices.ContainsFunc(kept, m.overlaps) {
				kept = append(kept, m)
			}
		}
	}
	slices.SortFunc(kept, func(a, b mark) int { return a.start - b.start })
	var out strings.Builder
	at := 0
	for _, m := range kept {
		open, shut := "【", "】"
		if m.vetoed {
			open, shut = "〔", "〕"
		}
		out.WriteString(string(runes[at:m.start]) + open + string(runes[m.start:m.end]) + shut)
		at = m.end
	}
	return out.String() + string(runes[at:])
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
