package measure

import (
	"bufio"
	"fmt"
	"io"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// Counter counts in how many lines each phrase of a lexicon is hit and not vetoed. It goes
// by the phrases alone: what was measured or learned before has no say.
type Counter struct {
	judge                      *keywords.Judge
	lex                        *lexicon.Lexicon
	refusals, others, ordinary tally
}

// tally is a number of lines, and in how many of them each phrase was found.
type tally struct {
	lines  int
	phrase map[string]int
}

// New makes a Counter for the lexicon in source, of which nothing but the weights may be
// missing.
func New(source []byte) (*Counter, error) {
	lex, err := lexicon.Parse(lexicon.WithoutMeasured(source))
	if err != nil {
		return nil, err
	}
	judge, err := keywords.New(lex, keywords.Options{Unlearned: true})
	if err != nil {
		return nil, err
	}
	c := &Counter{judge: judge, lex: lex}
	for _, t := range []*tally{&c.refusals, &c.others, &c.ordinary} {
		t.phrase = map[string]int{}
	}
	return c, nil
}

// Labelled reads a table of labelled utterances; package eval has its form. The error names
// the line.
func (c *Counter) Labelled(r io.Reader) error {
	list, err := eval.Read(r)
	if err != nil {
		return err
	}
	for _, u := range list {
		if u.Refusal {
			c.count(&c.refusals, u.Text)
		} else {
			c.count(&c.others, u.Text)
		}
	}
	return nil
}

// longestLine is how many bytes a line of ordinary talk may have.
const longestLine = 1 << 20

// Ordinary reads ordinary talk, an utterance a line. Empty lines don't count.
func (c *Counter) Ordinary(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	n := 0
	for ; lines.Scan(); n++ {
		if text := lines.Text(); text != "" {
			c.count(&c.ordinary, text)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n+1, err)
	}
	return nil
}

func (c *Counter) count(t *tally, text string) {
	t.lines++
	seen := map[string]bool{}
	for _, h := range c.judge.Text(text).Hits {
		if h.Veto == nil && !seen[h.Phrase] {
			seen[h.Phrase] = true
			t.phrase[h.Phrase]++
		}
	}
}

// Measured is what was counted so far, and what each phrase weighs for it.
func (c *Counter) Measured() lexicon.Measured {
	m := lexicon.Measured{
		Refusals: c.refusals.lines, Others: c.others.lines, Ordinary: c.ordinary.lines,
	}
	for _, class := range c.lex.Classes {
		for _, p := range class.Phrases {
			n := lexicon.Count{
				Phrase: p.Text, Refusals: c.refusals.phrase[p.Text],
				Others: c.others.phrase[p.Text], Ordinary: c.ordinary.phrase[p.Text],
			}
			n.Weight = m.Weigh(n.Refusals, n.Others, n.Ordinary)
			m.Phrases = append(m.Phrases, n)
		}
	}
	return m
}
