package calls

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The limits of a file of rules. They are far above what people write and keep a hostile
// file from costing much.
const (
	maxSource    = 256 << 10 // bytes
	maxRules     = 50
	maxCondition = 2000 // bytes
	maxTitle     = 200  // characters
	maxProblems  = 50
)

// Problem is one thing wrong with a file of rules.
type Problem struct {
	// Line counts from 1; 0 where the whole file is meant.
	Line int
	What string
}

// Problems is the error of Parse: all that is wrong, in the order of the lines.
type Problems []Problem //nolint:errname // what is wrong is a list of problems, in the house's words

// Error implements error.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, one := range p {
		lines[i] = one.What
		if one.Line > 0 {
			lines[i] = fmt.Sprintf("line %d: %s", one.Line, one.What)
		}
	}
	return strings.Join(lines, "\n")
}

// Parse reads rules. The error is Problems, with all that is wrong.
//
// What a file leaves out is as it comes with Refrain: a file with nothing but hours
// switches those on. The zone is then Asia/Shanghai, hours are off, and the guard is on
// with 20 calls and a share of 0.5; that never changes. Rules and same_call may come
// otherwise with another version of Refrain: so they become a part of the source, and a
// version of the rules always means the same.
func Parse(source []byte) (*RuleSet, error) {
	set, top, err := read(source)
	if err != nil || set.Rules != nil && has(top, "same_call") {
		return set, err
	}
	return completed(source, top)
}

// read reads rules as they are written: without same_call it is 0, as it was before there
// was one.
func read(source []byte) (*RuleSet, *yaml.Node, error) {
	switch {
	case len(source) > maxSource:
		return nil, nil, Problems{{What: fmt.Sprintf("the rules have %d bytes; the most is %d",
			len(source), maxSource)}}
	case !utf8.Valid(source):
		return nil, nil, Problems{{What: "the rules are not UTF-8; save them as UTF-8"}}
	}
	top, err := document(source)
	if err != nil {
		return nil, nil, err
	}
	r := &reader{}
	name, set := r.ruleSet(top)
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, nil, r.problems[:min(len(r.problems), maxProblems)]
	}
	sum := sha256.Sum256(source)
	set.Version = name + "@" + hex.EncodeToString(sum[:4])
	set.source = bytes.Clone(source)
	return set, top, nil
}

// has reports whether a file has a field.
func has(top *yaml.Node, field string) bool {
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == field {
			return true
		}
	}
	return false
}

// completed reads a file without rules, or without same_call, with what comes with Refrain.
func completed(source []byte, top *yaml.Node) (*RuleSet, error) {
	own, err := document(shipped)
	if err != nil {
		return nil, err
	}
	lacks := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i+1 < len(own.Content); i += 2 {
		if f := own.Content[i].Value; (f == "rules" || f == "same_call") && !has(top, f) {
			lacks.Content = append(lacks.Content, own.Content[i], own.Content[i+1])
		}
	}
	if set, ok := appended(source, top, lacks); ok {
		return set, nil
	}
	top.Content = append(top.Content, lacks.Content...)
	top.Style = 0 // a line a field, as people write it
	if source, err = yaml.Marshal(top); err != nil {
		return nil, Problems{fromYAML(err)}
	}
	set, _, err := read(source)
	return set, err
}

// appended reads a file with more fields behind it, so that the rest stays as somebody wrote
// it; not ok where nothing can stand behind it, as where it is { in braces }.
func appended(source []byte, top, more *yaml.Node) (*RuleSet, bool) {
	if top.Style&yaml.FlowStyle != 0 || len(top.Content) == 0 || top.Content[0].Column != 1 {
		return nil, false
	}
	text, err := yaml.Marshal(more)
	if err != nil {
		return nil, false
	}
	set, top, err := read(slices.Concat(source, []byte("\n"), text))
	return set, err == nil && set.Rules != nil && has(top, "same_call")
}

// document is the only YAML document of a source.
func document(source []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(source))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, Problems{fromYAML(err)}
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil, Problems{{What: "there are no rules in it"}}
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, Problems{{What: "rules are one YAML document; remove what follows the first"}}
	}
	return doc.Content[0], nil
}

var lineForm = regexp.MustCompile(`^line (\d+): `)

// fromYAML puts the YAML reader's words, which name the line first, into a Problem.
func fromYAML(err error) Problem {
	p := Problem{What: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := lineForm.FindStringSubmatch(p.What); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			p = Problem{n, p.What[len(m[0]):]}
		}
	}
	return p
}
