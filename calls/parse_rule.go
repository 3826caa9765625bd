package calls

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/fault"
)

// defaultZone is whose days count where a file names no zone.
const defaultZone = "Asia/Shanghai"

// versionForm keeps a version printable on a line and usable in a file name, nameForm a
// rule's name usable as a metric's label.
var (
	versionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)
	nameForm    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
)

// ruleSet reads the file. Its rules are nil where it has none; an empty list is not nil.
func (r *reader) ruleSet(top *yaml.Node) (name string, set *RuleSet) {
	zone, zoneLine := defaultZone, 0
	name = "rules"
	set = &RuleSet{
		Hours: Hours{From: 8 * time.Hour, To: 21 * time.Hour},
		Guard: Guard{Enabled: true, Calls: 20, RejectedShare: 0.5},
	}
	r.fields(top, map[string]func(*yaml.Node){
		"name": func(n *yaml.Node) {
			if name, _ = r.text("name", n); !versionForm.MatchString(name) {
				r.bad(n.Line, "name is %q; it must be of letters, digits, dots, hyphens and "+
					"underscores, such as spring-2026", name)
			}
		},
		"zone":      func(n *yaml.Node) { zone, _ = r.text("zone", n); zoneLine = n.Line },
		"rules":     func(n *yaml.Node) { set.Rules = r.rules(n) },
		"hours":     func(n *yaml.Node) { r.hours(n, &set.Hours) },
		"guard":     func(n *yaml.Node) { r.guard(n, &set.Guard) },
		"same_call": func(n *yaml.Node) { set.SameCall = r.sameCall(n) },
	})
	set.Zone = r.zone(zone, zoneLine)
	return name, set
}

// zone finds a zone. "Local" would be another one on another machine.
func (r *reader) zone(name string, line int) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		r.bad(line, "zone is %q; it must be a time zone such as %s or UTC", name, defaultZone)
		return time.UTC
	}
	return zone
}

// sameCall reads a length of time in seconds or minutes, or off, which is 0.
func (r *reader) sameCall(node *yaml.Node) time.Duration {
	text, ok := r.text("same_call", node)
	if !ok || text == "off" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > MaxSameCall || d%time.Second != 0 {
		r.bad(node.Line, "same_call is %q; it must be off, or a length from 0s to %s, such as 10s",
			text, MaxSameCall)
	}
	return d
}

func (r *reader) hours(node *yaml.Node, h *Hours) {
	h.Enabled = true
	known := len(r.problems)
	r.fields(node, map[string]func(*yaml.Node){
		"enabled": r.boolInto("enabled", &h.Enabled),
		"from":    r.timeOfDayInto("from", &h.From),
		"to":      r.timeOfDayInto("to", &h.To),
	})
	if len(r.problems) == known && h.From >= h.To {
		r.bad(node.Line, "hours are %s; from must be before to", h)
	}
}

func (r *reader) guard(node *yaml.Node, g *Guard) {
	r.fields(node, map[string]func(*yaml.Node){
		"enabled":        r.boolInto("enabled", &g.Enabled),
		"calls":          r.intInto("calls", &g.Calls, 1, 1_000_000),
		"rejected_share": r.shareInto("rejected_share", &g.RejectedShare),
	})
}

func (r *reader) rules(node *yaml.Node) []Rule {
	node = resolved(node)
	switch {
	case node.Kind != yaml.SequenceNode:
		r.bad(node.Line, "rules must be a list; write - name: ... for each")
		return nil
	case len(node.Content) > maxRules:
		r.bad(node.Content[maxRules].Line, "there are %d rules; the most is %d", len(node.Content),
			maxRules)
		return nil
	}
	rules, lines := []Rule{}, map[string]int{}
	for _, n := range node.Content {
		rule := r.rule(n)
		if line, twice := lines[rule.Name]; twice && rule.Name != "" {
			r.bad(n.Line, "rule %q is there already, at line %d", rule.Name, line)
		}
		lines[rule.Name] = n.Line
		rules = append(rules, rule)
	}
	return rules
}

// rule reads a rule. What it lacks is noted where it begins.
func (r *reader) rule(node *yaml.Node) Rule {
	rule := Rule{Enabled: true, Per: PerNumber}
	seen := r.fields(node, map[string]func(*yaml.Node){
		"name": func(n *yaml.Node) {
			if rule.Name, _ = r.text("name", n); !nameForm.MatchString(rule.Name) {
				r.bad(n.Line, "name is %q; it must be of at most 40 small letters, digits, - and "+
					"_, such as rejected-or-short", rule.Name)
			}
		},
		"title": func(n *yaml.Node) {
			if rule.Title, _ = r.text("title", n); utf8.RuneCountInString(rule.Title) > maxTitle {
				r.bad(n.Line, "title has %d characters; the most is %d",
					utf8.RuneCountInString(rule.Title), maxTitle)
			}
		},
		"enabled": r.boolInto("enabled", &rule.Enabled),
		"when":    func(n *yaml.Node) { r.when(n, &rule) },
		"limit":   r.intInto("limit", &rule.Limit, 1, MaxLimit),
		"window":  func(n *yaml.Node) { rule.Window = r.window(n) },
		"per":     func(n *yaml.Node) { rule.Per = r.per(n) },
		"freeze":  func(n *yaml.Node) { rule.Freeze = r.freeze(n) },
		"deny":    r.boolInto("deny", &rule.Deny),
	})
	if seen != nil {
		r.missing(node.Line, seen, rule.Deny)
	}
	if rule.Title == "" {
		rule.Title = rule.Name
	}
	return rule
}

// missing says what a rule lacks.
func (r *reader) missing(line int, seen map[string]bool, deny bool) {
	for _, field := range [][2]string{{"name", "give the rule one"},
		{"when", "on which calls does it count? when: \"true\" is all of them"},
		{"limit", "how many calls reach it?"}, {"window", "write day, or a length such as 24h"}} {
		if !seen[field[0]] {
			r.bad(line, "%s is missing: %s", field[0], field[1])
		}
	}
	switch {
	case deny && seen["freeze"]:
		r.bad(line, "a rule either freezes or denies; remove freeze or deny")
	case !deny && !seen["freeze"]:
		r.bad(line, "what follows is missing: write freeze: 30d, freeze: until_released or deny: "+
			"true")
	}
}

func (r *reader) when(node *yaml.Node, rule *Rule) {
	text, ok := r.text("when", node)
	switch {
	case !ok:
		return
	case len(text) > maxCondition:
		r.bad(node.Line, "when has %d bytes; the most is %d", len(text), maxCondition)
		return
	}
	rule.When = text
	var err error
	if rule.condition, err = compile(text); err != nil {
		r.bad(node.Line, "when %s", err)
	}
}

func (r *reader) window(node *yaml.Node) Window {
	text, ok := r.text("window", node)
	if !ok || text == "day" {
		return Window{Day: true}
	}
	length, ok := period(text)
	switch {
	case !ok:
		r.bad(node.Line, "window is %q; it must be day, or a length such as 24h, 90m or 7d%s", text,
			fault.DidYouMean(text, []string{"day"}))
	case length < MinWindow || length > MaxWindow:
		r.bad(node.Line, "window is %s; it must be from 1m to %dd", text, MaxWindow/(24*time.Hour))
	}
	return Window{Length: length}
}

func (r *reader) per(node *yaml.Node) Per {
	text, ok := r.text("per", node)
	known := []string{string(PerNumber), string(PerNumberAndAgent)}
	if p := Per(text); ok && p != PerNumber && p != PerNumberAndAgent {
		r.bad(node.Line, "per is %q; it must be %s%s", text, strings.Join(known, " or "),
			fault.DidYouMean(text, known))
	}
	return Per(text)
}

// freeze reads a period, or until_released, which is 0.
func (r *reader) freeze(node *yaml.Node) time.Duration {
	const most = 3650
	text, ok := r.text("freeze", node)
	if !ok || strings.ReplaceAll(text, " ", "_") == "until_released" {
		return 0
	}
	d, ok := period(text)
	if !ok || d < time.Minute || d > most*24*time.Hour {
		r.bad(node.Line, "freeze is %q; it must be a period such as 30d or 12h, up to %dd, or "+
			"until_released%s", text, most,
			fault.DidYouMean(text, []string{"until_released"}))
	}
	return d
}
