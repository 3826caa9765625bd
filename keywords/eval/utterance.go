package eval

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Utterance is one labelled line of the customer's side.
type Utterance struct {
	Text    string
	Refusal bool
	// Class is what a refusal means, empty for other utterances.
	Class string
	// Kind is what makes the utterance easy or hard to judge, such as negated.
	Kind string
}

const header = "text\tlabel\tclass\tkind"

// Read reads the tab-separated form that testdata/labelled/README.md describes. The
// error names the line.
func Read(r io.Reader) ([]Utterance, error) {
	var list []Utterance
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSuffix(lines.Text(), "\r")
		if n == 1 {
			if line != header {
				return nil, fmt.Errorf("line 1 is %q: it must be the header %q", line, header)
			}
			continue
		}
		u, err := utterance(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		list = append(list, u)
	}
	return list, lines.Err()
}

func utterance(line string) (Utterance, error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 4 {
		return Utterance{}, fmt.Errorf("%d fields; write text, label, class and kind with tabs "+
			"between", len(fields))
	}
	u := Utterance{Text: fields[0], Class: fields[2], Kind: fields[3],
		Refusal: fields[1] == "refusal"}
	switch {
	case u.Text == "" || u.Kind == "":
		return u, fmt.Errorf("text and kind can't be empty")
	case !u.Refusal && fields[1] != "other":
		return u, fmt.Errorf("label %q: write refusal or other", fields[1])
	case u.Refusal != (u.Class != ""):
		return u, fmt.Errorf("class %q: a refusal has one, others have none", u.Class)
	}
	return u, nil
}
