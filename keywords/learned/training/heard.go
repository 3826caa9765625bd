package training

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/eval"
)

// Heard is a labelled utterance and what a recogniser made of its sound.
type Heard struct {
	eval.Utterance
	Heard string
}

const heardHeader = "condition\tvoice\tlabel\tclass\tsaid\theard"

// LoadHeard reads what was heard of labelled utterances. The error names the line.
func LoadHeard(path string) ([]Heard, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var list []Heard
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Split(lines.Text(), "\t")
		switch {
		case n == 1 && lines.Text() == heardHeader:
			continue
		case n == 1:
			return nil, fmt.Errorf("%s: line 1 must be the header %q", path, heardHeader)
		case len(fields) != 6:
			return nil, fmt.Errorf("%s: line %d has %d fields, not 6", path, n, len(fields))
		}
		list = append(list, Heard{eval.Utterance{Text: fields[4], Refusal: fields[2] == "refusal",
			Class: fields[3]}, fields[5]})
	}
	return list, lines.Err()
}

// What a recogniser made of an utterance, and what it might make of it, are learned from beside
// the utterance itself. All of this was chosen by what is found in the tuning parts' and other lines
// that voices spoke; see models/eval/speech.
const (
	// heardWeight and misheardWeight are how much they count, compared with the utterance.
	heardWeight    = 2.0
	misheardWeight = 0.4
	// misheardCopies are made of each labelled utterance, and so large a share of the ordinary
	// lines is learned as misheard.
	misheardCopies = 2
	misheardShare  = 0.2
)

// heard are the part's utterances as they were heard.
func (e *ears) heard(judge *keywords.Judge, part Part) []line {
	var texts []weighted
	for _, u := range part.List {
		for _, text := range e.pairs[u.Text] {
			u.Text = text
			texts = append(texts, weighted{u, part.weight(u) * heardWeight})
		}
	}
	return misheard(judge, texts)
}

// misheard are the part's utterances as they might be heard.
func (e *ears) misheard(judge *keywords.Judge, part Part, random *rand.Rand) []line {
	if !e.trained() {
		return nil
	}
	var texts []weighted
	for range misheardCopies {
		for _, u := range part.List {
			u.Text = e.mishear(random, u.Text)
			texts = append(texts, weighted{u, part.weight(u) * misheardWeight})
		}
	}
	return misheard(judge, texts)
}

// misheard makes texts ready. Those that fell into pieces are left out: which of them is the
// refusal isn't known.
func misheard(judge *keywords.Judge, texts []weighted) (list []line) {
	for _, found := range passages(judge, texts) {
		if len(found) == 1 {
			found[0].misheard = true
			list = append(list, found[0])
		}
	}
	return list
}

// ordinary are pieces of ordinary talk, some of them misheard.
func (e *ears) ordinary(judge *keywords.Judge, o Ordinary, random *rand.Rand) []line {
	var well, badly []weighted
	for _, text := range o.Lines {
		for _, piece := range pieces(random, text) {
			w := weighted{eval.Utterance{Text: dressed(random, piece)}, ordinaryWeight}
			if e.trained() && random.Float64() < misheardShare {
				w.Text = e.mishear(random, w.Text)
				badly = append(badly, w)
			} else {
				well = append(well, w)
			}
		}
	}
	lines := slices.Concat(passages(judge, badly)...)
	for i := range lines {
		lines[i].misheard = true
	}
	return append(lines, slices.Concat(passages(judge, well)...)...)
}
