package eval

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/asr"
)

// Corpus is talk in which nobody refuses.
type Corpus struct {
	Name string
	// Lines are utterances, Calls whole dialogues, turn by turn. A corpus may have no Calls.
	Lines []string
	Calls []Call
}

// Call is a dialogue.
type Call struct {
	Turns []Turn
	// Refusal is the index of the turn in which the customer refuses, -1 for none.
	Refusal int
	// Class is what that refusal means.
	Class string
}

// Turn is what one side says before the other speaks.
type Turn struct {
	Side asr.Side
	Text string
}

// Corpora reads a folder of ordinary talk: measure/NAME.txt with an utterance a line, and beside
// them dialogues/NAME.jsonl with a dialogue a line, {"turns": [[speaker, text], ...]}. Lines that
// possible-refusals.tsv names (source, word, line) are left out, and so are dialogues with one.
func Corpora(folder string) ([]Corpus, error) {
	names, err := filepath.Glob(filepath.Join(folder, "measure", "*.txt"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no measure/*.txt in %q: name a folder with ordinary talk to "+
			"measure on, an utterance a line", folder)
	}
	slices.Sort(names)
	aside, err := possible(filepath.Join(folder, "possible-refusals.tsv"))
	if err != nil {
		return nil, err
	}
	var list []Corpus
	for _, path := range names {
		c := Corpus{Name: strings.TrimSuffix(filepath.Base(path), ".txt")}
		err := scan(path, func(line string) error {
			if !aside[line] {
				c.Lines = append(c.Lines, line)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		calls, err := ReadCalls(filepath.Join(folder, "dialogues", c.Name+".jsonl"))
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		c.Calls = slices.DeleteFunc(calls, func(call Call) bool {
			return slices.ContainsFunc(call.Turns, func(t Turn) bool { return aside[t.Text] })
		})
		list = append(list, c)
	}
	return list, nil
}

// possible reads which lines may be refusals after all; no file means none.
func possible(path string) (map[string]bool, error) {
	aside := map[string]bool{}
	err := scan(path, func(line string) error {
		fields := strings.SplitN(line, "\t", 3)
		aside[fields[len(fields)-1]] = true
		return nil
	})
	if os.IsNotExist(err) {
		return aside, nil
	}
	return aside, err
}

// ReadCalls reads dialogues, one a line of JSON. Turns by "agent" are the agent's, all others the
// customer's.
func ReadCalls(path string) ([]Call, error) {
	var list []Call
	err := scan(path, func(line string) error {
		var d struct {
			Turns   [][2]string `json:"turns"`
			Refusal *struct {
				Turn  int    `json:"turn"`
				Class string `json:"class"`
			} `json:"refusal"`
		}
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			return err
		}
		call := Call{Refusal: -1}
		for _, t := range d.Turns {
			side := asr.Customer
			if t[0] == string(asr.Agent) {
				side = asr.Agent
			}
			call.Turns = append(call.Turns, Turn{side, t[1]})
		}
		if d.Refusal != nil {
			call.Refusal, call.Class = d.Refusal.Turn, d.Refusal.Class
		}
		list = append(list, call)
		return nil
	})
	return list, err
}

// scan calls use with each line of a file that isn't empty.
func scan(path string, use func(line string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if line := strings.TrimSpace(lines.Text()); line != "" {
			if err := use(line); err != nil {
				return fmt.Errorf("%s, line %d: %w", path, n, err)
			}
		}
	}
	return lines.Err()
}

// Pieces cuts a call into stretches of so many turns, none of which overlap; what is left over at
// the end is left out.
func (c Call) Pieces(turns int) [][]string {
	var list [][]string
	for from := 0; from+turns <= len(c.Turns); from += turns {
		var piece []string
		for _, t := range c.Turns[from : from+turns] {
			piece = append(piece, t.Text)
		}
		list = append(list, piece)
	}
	return list
}
