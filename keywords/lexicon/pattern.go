package lexicon

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/fault"
)

// Pattern is a phrase taken apart: words that follow each other with gaps between.
//
//	没(啥|什么)兴趣   one of the words in round brackets
//	没[有]兴趣        what stands in square brackets may be missing
//	<我>不要          one of the words of the list 我, under words
//	别…打             … stands for up to 6 characters of the same clause, …3 for up to 3
//	^不要             the clause begins here, but for the words in around.before
//	不要$             the clause ends here, but for the words in around.after
type Pattern struct {
	Pieces []Piece
	// Begins and Ends say that the clause begins before it and ends after it.
	Begins, Ends bool
}

// Piece is a stretch of a pattern without a gap.
type Piece struct {
	// Words are all wordings of the piece; none is empty.
	Words []string
	// Gap is how many characters may stand before the piece; 0 for the first.
	Gap int
	// Optional says that the piece may be missing. Then the gap before it adds to the
	// one before the next.
	Optional bool
}

// The limits of a pattern.
const (
	defaultGap  = 6
	maxGap      = 12
	maxPieces   = 12
	maxWordings = 2000
	// fewWordings is up to how many wordings neighbours are written out as one piece:
	// one long word is found faster than several short ones are joined.
	fewWordings = 64
)

// Example is a text that the pattern matches.
func (p Pattern) Example() string {
	var text strings.Builder
	for _, piece := range p.Pieces {
		if !piece.Optional {
			text.WriteString(piece.Words[0])
		}
	}
	return text.String()
}

// Wordings counts the wordings of all pieces.
func (p Pattern) Wordings() int {
	n := 0
	for _, piece := range p.Pieces {
		n += len(piece.Words)
	}
	return n
}

// Plain reports whether the pattern is one wording.
func (p Pattern) Plain() bool { return len(p.Pieces) == 1 && len(p.Pieces[0].Words) == 1 }

func (p Pattern) gaps() bool {
	return slices.ContainsFunc(p.Pieces, func(piece Piece) bool { return piece.Gap > 0 })
}

// wordings are all texts that a pattern without gaps stands for.
func (p Pattern) wordings() (words []string, err error) {
	if len(p.Pieces) == 0 {
		return nil, nil
	}
	words = []string{""}
	for _, piece := range p.Pieces {
		more := piece.Words
		if piece.Optional {
			more = append(slices.Clone(more), "")
		}
		if words, err = product(words, more); err != nil {
			return nil, err
		}
	}
	return words, nil
}

// signs are what has a meaning in a pattern; an input method may write the wide ones.
var signs = strings.NewReplacer("（", "(", "）", ")", "｜", "|",
	"【", "[", "】", "]", "［", "[", "］", "]",
	"《", "<", "》", ">", "〈", "<", "〉", ">", "＜", "<", "＞", ">", "……", "…", "...", "…")

// patternReader reads a pattern by descending into its brackets.
type patternReader struct {
	rest  string
	lists map[string][]string
}

func parsePattern(text string, lists map[string][]string) (Pattern, error) {
	var p Pattern
	text = signs.Replace(text)
	text, p.Begins = strings.CutPrefix(text, "^")
	text, p.Ends = strings.CutSuffix(text, "$")
	r := patternReader{text, lists}
	for gap := 0; ; {
		factors, err := r.factors()
		if err != nil {
			return p, err
		}
		pieces, err := joinFactors(factors, gap)
		if err != nil {
			return p, err
		}
		p.Pieces = append(p.Pieces, pieces...)
		if r.rest == "" {
			break
		}
		if gap, err = r.gap(); err != nil {
			return p, err
		}
	}
	if len(p.Pieces) > maxPieces {
		return p, fmt.Errorf("too many parts; split it into several patterns")
	}
	return p, nil
}

// factors reads up to a gap: what follows each other, one or several wordings each.
func (r *patternReader) factors() (list [][]string, err error) {
	for r.rest != "" && !strings.HasPrefix(r.rest, "…") {
		words, err := r.one()
		if err != nil {
			return nil, err
		}
		list = append(list, words)
	}
	return list, nil
}

// joinFactors makes pieces of factors, the first of them behind a gap.
func joinFactors(factors [][]string, gap int) (pieces []Piece, err error) {
	words, must := []string{""}, false
	push := func() {
		p := Piece{Gap: gap, Optional: slices.Contains(words, "")}
		p.Words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
		must = must || !p.Optional
		if len(p.Words) > 0 {
			pieces = append(pieces, p)
			gap = 0
		}
	}
	for _, factor := range factors {
		if len(words)*len(factor) > fewWordings {
			push()
			words = []string{""}
		}
		if words, err = product(words, factor); err != nil {
			return nil, err
		}
	}
	push()
	if !must {
		return nil, fmt.Errorf("all that stands here, or beside a gap, may be missing; " +
			"write a word outside [ ]")
	}
	return pieces, checkLengths(pieces)
}

func checkLengths(pieces []Piece) error {
	for _, piece := range pieces {
		for _, word := range piece.Words {
			if length := utf8.RuneCountInString(word); length > maxText {
				return fmt.Errorf("a wording of %d characters; the most is %d", length, maxText)
			}
		}
	}
	return nil
}

// row reads up to a | or a closing bracket, and returns all wordings.
func (r *patternReader) row() ([]string, error) {
	words := []string{""}
	for r.rest != "" && !strings.ContainsRune("|)]…", first(r.rest)) {
		more, err := r.one()
		if err != nil {
			return nil, err
		}
		if words, err = product(words, more); err != nil {
			return nil, err
		}
	}
	return words, nil
}

func first(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

// one reads a character, a choice or a list.
func (r *patternReader) one() ([]string, error) {
	next, size := utf8.DecodeRuneInString(r.rest)
	switch next {
	case '(', '[':
		return r.choice(next)
	case '<':
		return r.list()
	case '>', '^', '$', '|', ')', ']', '?', '*', '+', '{', '}':
		return nil, fmt.Errorf("%q has no meaning here", string(next))
	}
	word := r.rest[:size]
	r.rest = r.rest[size:]
	return []string{word}, nil
}

func product(firsts, seconds []string) ([]string, error) {
	if len(firsts)*len(seconds) > maxWordings {
		return nil, fmt.Errorf("more than %d wordings; split it into several patterns", maxWordings)
	}
	list := make([]string, 0, len(firsts)*len(seconds))
	for _, first := range firsts {
		for _, second := range seconds {
			if word := first + second; len(seconds) == 1 || !slices.Contains(list, word) {
				list = append(list, word)
			}
		}
	}
	return list, nil
}

// choice reads (a|b) or [a|b].
func (r *patternReader) choice(open rune) ([]string, error) {
	closing := map[rune]string{'(': ")", '[': "]"}[open]
	r.rest = r.rest[1:]
	var words []string
	for {
		more, err := r.row()
		if err != nil {
			return nil, err
		}
		if len(more) == 1 && more[0] == "" {
			return nil, fmt.Errorf("nothing stands beside %q or %q; "+
				"for what may be missing write [ ]", string(open), "|")
		}
		words = append(words, more...)
		if rest, ok := strings.CutPrefix(r.rest, "|"); ok {
			r.rest = rest
			continue
		}
		rest, ok := strings.CutPrefix(r.rest, closing)
		if !ok {
			return nil, fmt.Errorf("%q is not closed by %q; a gap can't stand between them",
				string(open), closing)
		}
		r.rest = rest
		if open == '[' {
			words = append(words, "")
		}
		return words, nil
	}
}

// list reads <name>.
func (r *patternReader) list() ([]string, error) {
	name, rest, ok := strings.Cut(r.rest[1:], ">")
	if !ok {
		return nil, fmt.Errorf(`"<" is not closed by ">"`)
	}
	words, known := r.lists[name]
	if !known {
		return nil, fmt.Errorf("there is no list %q under words before this line%s",
			name, fault.DidYouMean(name, slices.Sorted(maps.Keys(r.lists))))
	}
	r.rest = rest
	return words, nil
}

// gap reads … and a number of characters.
func (r *patternReader) gap() (int, error) {
	rest, ok := strings.CutPrefix(r.rest, "…")
	if !ok {
		return 0, fmt.Errorf("%q without the bracket that opens it", string(first(r.rest)))
	}
	length, digits := 0, 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' && digits < 3 {
		length = length*10 + int(rest[digits]-'0')
		digits++
	}
	r.rest = rest[digits:]
	switch {
	case digits == 0:
		length = defaultGap
	case length < 1 || length > maxGap:
		return 0, fmt.Errorf("a gap of %d characters; use 1 to %d", length, maxGap)
	}
	return length, nil
}
