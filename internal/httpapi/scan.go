package httpapi

import "fmt"

// deepest is how deep a body may be nested.
const deepest = 100

// scan looks at JSON as it comes, without decoding it, and counts its values. Whether it is JSON at
// all is found out by decoding.
type scan struct {
	// values is how many more there may be.
	values int

	depth           int
	inText, escaped bool
	// key is the last text within the outermost object, and list the one before the list that the
	// scan is in, with how many entries it had so far.
	key, list []byte
	entries   int
}

// longestKey is how much of a name is kept, in bytes.
const longestKey = 40

// next looks at what comes next.
func (s *scan) next(piece []byte) error {
	for _, c := range piece {
		if s.inText {
			s.text(c)
			continue
		}
		switch c {
		case '"':
			s.inText = true
			if s.depth == 1 {
				s.key = s.key[:0]
			}
		case '{', '[':
			if s.depth++; s.depth > deepest {
				return tooDeepError{}
			}
			if s.depth == 2 {
				s.list, s.entries = append(s.list[:0], s.key...), 1
			}
			s.values--
		case '}', ']':
			s.depth--
		case ',':
			if s.depth == 2 {
				s.entries++
			}
			s.values--
		}
		if s.values < 0 {
			return s.tooMany()
		}
	}
	return nil
}

// text is within a text.
func (s *scan) text(c byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case c == '\\':
		s.escaped = true
	case c == '"':
		s.inText = false
		return
	}
	if s.depth == 1 && len(s.key) < longestKey {
		s.key = append(s.key, c)
	}
}

func (s *scan) tooMany() error {
	why := "it holds more values than any request needs"
	if s.depth >= 2 && s.entries > 1 && len(s.list) > 0 {
		why = fmt.Sprintf("%q has more than %d entries; send them in parts, of 1,000 at most", s.list, s.entries-1)
	}
	return tooLargeError{why}
}
