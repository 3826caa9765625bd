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
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/fault"
)

// The limits of a file of rules.
const (
	maxSource    = 256 << 10 // bytes
	maxRules     = 50
	maxCondition = 2000 // bytes
	maxTitle     = 200  // characters
	maxProblems  = 50
	maxFreeze    = 36500 * 24 * time.Hour
)

// Problem is one thing wrong with a file of rules.
type Problem struct {
	// Line counts from 1; 0 where the whole file is meant.
	Line int
	What string
}

// Problems is the error of Parse: all that is wrong.
type Problems []Problem

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

// file is a file of rules as it is written. What it leaves out is as shipped.
type file struct {
	Name  located[string]  `yaml:"name"`
	Zone  located[string]  `yaml:"zone"`
	Rules *[]fileRule      `yaml:"rules"`
	Hours located[hoursOf] `yaml:"hours"`
	Guard located[guardOf] `yaml:"guard"`
}

type fileRule struct {
	line    int
	Name    located[string] `yaml:"name"`
	Title   located[string] `yaml:"title"`
	Enabled *bool           `yaml:"enabled"`
	When    located[string] `yaml:"when"`
	Limit   located[int]    `yaml:"limit"`
	Window  located[string] `yaml:"window"`
	Per     located[string] `yaml:"per"`
	Deny    bool            `yaml:"deny"`
	Freeze  located[string] `yaml:"freeze"`
}

// UnmarshalYAML implements yaml.Unmarshaler. The fields' names are checked here: inside
// of it the decoder no longer does.
func (r *fileRule) UnmarshalYAML(node *yaml.Node) error {
	if err := checkKeys(node, "name", "title", "enabled", "when", "limit", "window", "per", "deny", "freeze"); err != nil {
		return err
	}
	type plain fileRule
	if err := node.Decode((*plain)(r)); err != nil {
		return err
	}
	r.line = node.Line
	return nil
}

type hoursOf struct {
	Enabled bool
	From    string
	To      string
}

type guardOf struct {
	Enabled       *bool
	Calls         *int
	RejectedShare *float64 `yaml:"rejected_share"`
}

// located is a value with the line it stands in; line 0 is one that is left out.
type located[T any] struct {
	value T
	line  int
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *located[T]) UnmarshalYAML(node *yaml.Node) error {
	l.line = node.Line
	switch any(l.value).(type) {
	case hoursOf:
		if err := checkKeys(node, "enabled", "from", "to"); err != nil {
			return err
		}
	case guardOf:
		if err := checkKeys(node, "enabled", "calls", "rejected_share"); err != nil {
			return err
		}
	}
	return node.Decode(&l.value)
}

// checkKeys refuses unknown and repeated keys of a mapping.
func checkKeys(node *yaml.Node, known ...string) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: expected fields such as %s", node.Line, strings.Join(known[:min(3, len(known))], ", "))
	}
	seen := map[string]bool{}
	for i := 0; i < len(node.Content); i += 2 {
		key := node.Content[i]
		switch {
		case !slices.Contains(known, key.Value):
			return fmt.Errorf("line %d: field %q is unknown here%s", key.Line, key.Value, fault.DidYouMean(key.Value, known))
		case seen[key.Value]:
			return fmt.Errorf("line %d: field %q is given twice", key.Line, key.Value)
		}
		seen[key.Value] = true
	}
	return nil
}

// Parse reads rules. What the file leaves out is as in the rules that come with Refrain:
// a file with nothing but hours switches those on. The error is Problems, with all that
// is wrong.
func Parse(source []byte) (*RuleSet, error) {
	if len(source) > maxSource {
		return nil, Problems{{What: fmt.Sprintf("the rules have %d bytes; the most is %d", len(source), maxSource)}}
	}
	if !utf8.Valid(source) {
		return nil, Problems{{What: "the rules are not UTF-8; save them as UTF-8"}}
	}
	f, err := decode(source)
	if err != nil {
		return nil, err
	}
	b := &builder{}
	set := b.build(f)
	if len(b.problems) > 0 {
		return nil, b.problems[:min(len(b.problems), maxProblems)]
	}
	sum := sha256.Sum256(source)
	set.Version = set.Version + "@" + hex.EncodeToString(sum[:4])
	set.source = bytes.Clone(source)
	return set, nil
}

func decode(source []byte) (file, error) {
	var doc yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(source))
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return file{}, problemsOf(err)
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return file{}, Problems{{What: "there are no rules in it"}}
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return file{}, Problems{{What: "rules are one YAML document; remove what follows the first"}}
	}
	var f file
	if err := checkKeys(doc.Content[0], "name", "zone", "rules", "hours", "guard"); err != nil {
		return file{}, problemsOf(err)
	}
	if err := doc.Decode(&f); err != nil {
		return file{}, problemsOf(err)
	}
	return f, nil
}

var lineForm = regexp.MustCompile(`^line (\d+): (.*)`)

// problemsOf puts the YAML reader's words on lines of their own.
func problemsOf(err error) Problems {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "unmarshal errors:\n")
	var found Problems
	for line := range strings.SplitSeq(text, "\n") {
		p := Problem{What: strings.TrimSpace(line)}
		if m := lineForm.FindStringSubmatch(p.What); m != nil {
			if n, err := strconv.Atoi(m[1]); err == nil {
				p = Problem{n, goType.ReplaceAllString(m[2], "$1")}
			}
		}
		found = append(found, p)
	}
	return found
}

// goType takes our own types out of the YAML reader's words.
var goType = regexp.MustCompile(`(into \w+)\S*`)

// builder makes rules of a file, and collects what is wrong.
type builder struct{ problems Problems }

func (b *builder) bad(line int, format string, args ...any) {
	b.problems = append(b.problems, Problem{line, fmt.Sprintf(format, args...)})
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)

func (b *builder) build(f file) *RuleSet {
	set := &RuleSet{Version: b.name(f.Name), Zone: b.zone(f.Zone), Hours: b.hours(f.Hours), Guard: b.guard(f.Guard)}
	if f.Rules == nil {
		set.Rules = slices.Clone(Default().Rules)
		return set
	}
	if len(*f.Rules) > maxRules {
		b.bad((*f.Rules)[maxRules].line, "there are %d rules; at most %d can be used", len(*f.Rules), maxRules)
		return set
	}
	seen := map[string]int{}
	for _, r := range *f.Rules {
		rule := b.rule(r)
		if first, again := seen[rule.Name]; again && rule.Name != "" {
			b.bad(r.Name.line, "the rule %q is in line %d already", rule.Name, first)
		}
		seen[rule.Name] = r.line
		set.Rules = append(set.Rules, rule)
	}
	return set
}

func (b *builder) name(l located[string]) string {
	switch {
	case l.line == 0:
		return "rules"
	case !nameForm.MatchString(l.value):
		b.bad(l.line, "name is %q; it must be of at most 40 small letters, digits, - and _", l.value)
	}
	return l.value
}

func (b *builder) zone(l located[string]) *time.Location {
	if l.line == 0 {
		return Default().Zone
	}
	zone, err := time.LoadLocation(l.value)
	if err != nil || l.value == "" || l.value == "Local" {
		b.bad(l.line, "zone is %q; it must be a time zone such as Asia/Shanghai", l.value)
		return time.UTC
	}
	return zone
}

func (b *builder) hours(l located[hoursOf]) Hours {
	if l.line == 0 {
		return Default().Hours
	}
	h := Hours{Enabled: l.value.Enabled}
	from, to := l.value.From, l.value.To
	if from == "" && to == "" {
		shipped := Default().Hours
		h.From, h.To = shipped.From, shipped.To
		return h
	}
	h.From, h.To = b.timeOfDay(l.line, "from", from), b.timeOfDay(l.line, "to", to)
	if len(b.problems) == 0 && h.From >= h.To {
		b.bad(l.line, "hours are from %s to %s; from must be the earlier", from, to)
	}
	return h
}

// timeOfDay reads 08:00, up to 24:00.
func (b *builder) timeOfDay(line int, name, text string) time.Duration {
	if text == "24:00" {
		return 24 * time.Hour
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		b.bad(line, "%s is %q; it must be a time of day such as \"08:00\", in quotes", name, text)
		return 0
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
}

func (b *builder) guard(l located[guardOf]) Guard {
	if l.line == 0 {
		return Default().Guard
	}
	g := Guard{Enabled: true, Calls: 20, RejectedShare: 0.5}
	if v := l.value.Enabled; v != nil {
		g.Enabled = *v
	}
	if v := l.value.Calls; v != nil {
		g.Calls = *v
	}
	if v := l.value.RejectedShare; v != nil {
		g.RejectedShare = *v
	}
	if g.Calls < 2 || g.Calls > 1_000_000 {
		b.bad(l.line, "calls is %d; it must lie between 2 and 1000000", g.Calls)
	}
	if !(g.RejectedShare > 0 && g.RejectedShare <= 1) {
		b.bad(l.line, "rejected_share is %g; it must be above 0 and at most 1", g.RejectedShare)
	}
	return g
}
