package asr

import (
	"strings"
	"unicode/utf8"
)

// Blank hides what blank finds in a transcript, also where it goes on from a token or a segment to the
// next; it tells whether anything was found. Blank keeps the length of a text in characters, so all that
// points into texts stays right, and a segment's text what its tokens spell.
func (t *Transcript) Blank(blank func(string) string) bool {
	var said, spelled, written, spelledThere []*string
	var readings [][]*string
	for i := range t.Segments {
		s := &t.Segments[i]
		said = append(said, &s.Text)
		written = append(written, &s.Original)
		if i > 0 { // the tokens of segments are joined as their texts are
			gap, gapThere := " ", " "
			spelled, spelledThere = append(spelled, &gap), append(spelledThere, &gapThere)
		}
		for j := range s.Tokens {
			spelled = append(spelled, &s.Tokens[j].Text)
			if s.Tokens[j].Original != "" {
				spelledThere = append(spelledThere, &s.Tokens[j].Original)
				continue
			}
			same := s.Tokens[j].Text
			spelledThere = append(spelledThere, &same)
		}
		for j := range s.Readings {
			readings = append(readings, []*string{&s.Readings[j].Text})
		}
	}
	found := blankJoined(said, " ", blank)
	found = blankJoined(written, " ", blank) || found
	found = blankJoined(spelled, "", blank) || found
	found = blankJoined(spelledThere, "", blank) || found
	for _, r := range readings {
		found = blankJoined(r, "", blank) || found
	}
	return found
}

// blankJoined hides what is found in texts taken together.
func blankJoined(texts []*string, by string, blank func(string) string) bool {
	parts := make([]string, len(texts))
	for i, p := range texts {
		parts[i] = *p
	}
	joined := strings.Join(parts, by)
	left := blank(joined)
	if left == joined {
		return false
	}
	for i, p := range texts {
		if i > 0 {
			_, left = cutRunes(left, utf8.RuneCountInString(by))
		}
		*p, left = cutRunes(left, utf8.RuneCountInString(*p))
	}
	return true
}

// cutRunes parts a text behind so many characters.
func cutRunes(text string, n int) (before, after string) {
	at := 0
	for range n {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return text[:at], text[at:]
}
