package normal

import "unicode"

// Gap is what stands between two characters of normalised text; of several, the
// strongest counts. A stronger one is greater.
type Gap uint8

// The gaps, from none to the strongest.
const (
	// Joined is nothing, or only a sound that means nothing (嗯).
	Joined Gap = iota
	// Pause is white space, quotation marks and brackets, or a short silence.
	Pause
	// Comma ends a clause.
	Comma
	// Stop ends a sentence.
	Stop
	// Question ends a sentence that asks.
	Question
	// Line ends all that was said in one breath: a line of text, or a long silence.
	Line
	// LineQuestion is Line after a question.
	LineQuestion
)

// Asks reports whether a question mark stood there.
func (g Gap) Asks() bool { return g == Question || g == LineQuestion }

// mark is the gap for people.
func (g Gap) mark() string {
	switch g {
	case Joined:
		return ""
	case Pause:
		return " "
	case Comma:
		return "，"
	case Stop:
		return "。"
	case Question:
		return "？"
	default:
		return "/"
	}
}

// and is the gap where both stood.
func (g Gap) and(other Gap) Gap {
	both := max(g, other)
	if both == Line && min(g, other) == Question {
		return LineQuestion
	}
	return both
}

// role is what a character of the input becomes.
type role uint8

const (
	kept role = iota
	dropped
	// gapped is the first of the roles that become a gap: role-gapped is the gap less one.
	gapped
)

func becomes(g Gap) role { return gapped + role(g) - 1 }

func (r role) gap() Gap { return Gap(r-gapped) + 1 }

// asciiRoles are the roles of the characters below 0x80.
var asciiRoles = func() (roles [0x80]role) {
	for r := range roles {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			roles[r] = kept
		case r == '\n' || r == '\r' || r == '\v' || r == '\f':
			roles[r] = becomes(Line)
		case r == '.' || r == '!' || r == ';':
			roles[r] = becomes(Stop)
		case r == '?':
			roles[r] = becomes(Question)
		case r == ' ' || r == '\t' || r == '"' || r == '(' || r == ')' || r == '[' || r == ']' ||
			r == '-':
			roles[r] = becomes(Pause)
		case r < ' ' || r == 0x7f || r == '\'':
			roles[r] = dropped
		default:
			roles[r] = becomes(Comma)
		}
	}
	return roles
}()

// roleOf says what r, already in NFKC, becomes.
func roleOf(r rune) role {
	switch {
	case r < 0x80:
		return asciiRoles[r]
	case isHan(r):
		if isSound(r) {
			return dropped
		}
		return kept
	}
	return rareRole(r)
}

func rareRole(r rune) role {
	switch r {
	case '。', '｡':
		return becomes(Stop)
	case '\u0085', '\u2028', '\u2029':
		return becomes(Line)
	case '“', '”', '‘', '’', '「', '」', '『', '』', '《', '》', '〈', '〉', '【', '】', '·', '‐',
		'‑':
		return becomes(Pause)
	case unicode.ReplacementChar:
		return kept // a lost character is not nothing: no phrase may close over it
	}
	switch {
	case unicode.IsSpace(r):
		return becomes(Pause)
	case unicode.IsLetter(r), unicode.IsNumber(r), unicode.Is(unicode.Mc, r):
		return kept
	case unicode.IsPunct(r), unicode.IsSymbol(r):
		return becomes(Comma)
	}
	return dropped // marks, format and control characters, unassigned ones
}

// isHan reports whether r is an ideograph that NFKC leaves alone and that nothing
// combines with; ideographs beyond the basic plane take the general way.
func isHan(r rune) bool {
	return r >= 0x4e00 && r <= 0x9fff || r >= 0x3400 && r <= 0x4dbf
}

// isSound reports whether r only fills a pause and is part of no word that matters.
// 额 (额度), 哈 (哈尔滨) and 唔 (Cantonese for 不) are not among them on purpose.
func isSound(r rune) bool {
	switch r {
	case '嗯', '啊', '呃', '哦', '噢', '喔', '唉', '哎', '诶', '誒', '欸', '呣', '嗳', '噯':
		return true
	}
	return false
}
