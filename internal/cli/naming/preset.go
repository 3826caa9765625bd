package naming

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// preset is how one system names its recordings.
type preset struct {
	name string
	// customer is whose words are the customer's, in or out, where each side has a file.
	customer string
	// forms are tried in turn.
	forms []form
	// own comes after them, nil for none.
	own own
	// whole lets every name be the call's id by itself.
	whole bool
}

// form is one way in which a system names its files: a regular expression for the name without its ending, and what is
// made of its groups beside those that are named as facts.
type form struct {
	pattern *regexp.Regexp
	finish  func(groups map[string]string, f *Facts)
}

// own reads names that no regular expression tells apart.
type own func(text string, in *time.Location, s sides) (Facts, bool)

const (
	uuid = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`
	// party is a number, an extension, or what stands for one that is not known.
	party = `\+?[0-9*#]+|[A-Za-z][A-Za-z0-9]*`
	// unique is Asterisk's UNIQUEID, which may begin with the system's name.
	unique = `(?:[A-Za-z0-9_]+-)?[0-9]+\.[0-9]+`
	stamp  = `[0-9]{8}-[0-9]{6}`
	dashed = `[0-9]{4}-[0-9]{2}-[0-9]{2}[-_T ][0-9]{2}[-:][0-9]{2}[-:][0-9]{2}`
	// half ends the name of a file that has one side of a call.
	half = `(?:[-_.](?P<side>in|out|r|t|rx|tx))?`
)

func formOf(pattern string, finish func(map[string]string, *Facts)) form {
	return form{regexp.MustCompile(`^` + pattern + `$`), finish}
}

// asterisk are the forms of FreePBX and its kin: KIND-TO-FROM-DATE-TIME-UNIQUEID, and of older releases
// KINDEXT-DATE-TIME-UNIQUEID; and UNIQUEID alone.
func asterisk() []form {
	return []form{
		formOf(`(?:(?P<kind>[A-Za-z]+)-)?(?P<to>`+party+`)-(?P<from>`+party+`)-(?P<start>`+stamp+`)-(?P<call_id>`+
			unique+`)`+half, dialled),
		formOf(`(?P<kind>OUT|IN|q|g|)(?P<from>[0-9]+)-(?P<start>`+stamp+`)-(?P<call_id>`+unique+`)`+half, older),
		formOf(`(?P<start>`+stamp+`)-(?P<to>`+party+`)-(?P<from>`+party+`)-(?P<call_id>`+unique+`)`+half, dialled),
		formOf(`(?P<call_id>(?:[A-Za-z0-9_]+-)?[0-9]{9,11}\.[0-9]+)`+half, nil),
	}
}

// presets are the systems whose names are known.
var presets = []preset{
	{name: "freeswitch", customer: "in", whole: true, forms: []form{
		formOf(`(?P<call_id>`+uuid+`)`, nil),
		formOf(`(?P<start>`+dashed+`)[._](?P<to>`+party+`)[._](?P<from>`+party+`)[._](?P<call_id>`+uuid+`)`, dialled),
		formOf(`(?P<start>`+dashed+`)[._](?P<to>`+party+`)[._](?P<from>`+party+`)`, dialled),
		formOf(`(?P<start>`+dashed+`)[._](?P<call_id>`+uuid+`)`, nil),
		formOf(`(?P<call_id>`+uuid+`)[._](?P<start>`+dashed+`)`, nil),
		formOf(`(?P<call_id>`+uuid+`)[._-](?P<from>`+party+`)`, dialled),
		formOf(`(?P<from>`+party+`)[._-](?P<call_id>`+uuid+`)`, dialled),
		formOf(`(?P<from>`+party+`)[._](?P<start>`+dashed+`)`, dialled),
	}},
	{name: "asterisk-mixmonitor", customer: "in", forms: asterisk()},
	{name: "asterisk-monitor", customer: "out", whole: true, forms: asterisk()},
	{name: "vicidial", customer: "in", own: vicidial},
}

// Presets are the names of the systems whose names are known.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// reader reads names as the preset's system writes them.
func (p preset) reader(in *time.Location, s sides) Reader {
	if s.customer == "" {
		s.customer = p.customer
	}
	return func(name string) (Facts, error) {
		text := stem(filepath.ToSlash(name))
		for _, form := range p.forms {
			if f, ok := form.read(text, in, s); ok {
				return f, nil
			}
		}
		if p.own != nil {
			if f, ok := p.own(text, in, s); ok {
				return f, nil
			}
		}
		if p.whole && strings.Trim(text, "./") != "" {
			return wholeName(text, s), nil
		}
		return Facts{}, fmt.Errorf("the name %q is none that %s writes; say how it is built with --template or "+
			"--name-regex", text, p.name)
	}
}

var halves = regexp.MustCompile(`^(.+?)[-_.](in|out|r|t|rx|tx)$`)

// wholeName takes a name that says nothing for the call's id.
func wholeName(text string, s sides) (f Facts) {
	f.CallID = text
	if m := halves.FindStringSubmatch(text); m != nil {
		f.CallID, f.Word = m[1], m[2]
		f.Side, _ = s.side(m[2]) // it is one of the words
	}
	return f
}

// read gives the facts of a name that has the form.
func (fm form) read(text string, in *time.Location, s sides) (f Facts, ok bool) {
	m := fm.pattern.FindStringSubmatch(text)
	if m == nil {
		return f, false
	}
	groups := make(map[string]string, len(m))
	for i, group := range fm.pattern.SubexpNames() {
		if group == "" {
			continue
		}
		groups[group] = m[i]
		if err := f.set(group, m[i], in, s); err != nil {
			return f, false
		}
	}
	if fm.finish != nil {
		fm.finish(groups, &f)
	}
	if f.CallID == "" {
		f.CallID = strings.TrimSuffix(text, suffixOf(groups["side"], text))
	}
	return f, true
}

// suffixOf is a side with what parts it from the rest.
func suffixOf(side, text string) string {
	if side == "" {
		return ""
	}
	return text[len(text)-len(side)-1:]
}

// shortest is how many digits a telephone number has at least; an extension or queue has fewer.
const shortest = 7

// dialled tells number and agent from who was called and who called: the customer is whoever has a telephone number, and
// who was called where both have. Between two extensions there is no customer. Only of a call that an agent made, or
// that came straight to one, is the other an agent; queues and ring groups are none.
func dialled(groups map[string]string, f *Facts) {
	to, from := groups["to"], groups["from"]
	switch {
	case isNumber(to):
		f.Number, f.Agent = to, extension(from)
	case isNumber(from):
		f.Number, f.Agent = from, extension(to)
	case isExtension(from):
		f.Agent = from
	}
	if kind := strings.ToLower(groups["kind"]); slices.Contains([]string{"q", "rg", "g", "conf"}, kind) && !isNumber(to) {
		f.Line, f.Agent = to, ""
	}
}

// older is dialled for names that have one party, after what kind of call it was.
func older(groups map[string]string, f *Facts) {
	party, kind := groups["from"], strings.ToLower(groups["kind"])
	switch {
	case isNumber(party):
		f.Number = party
	case kind == "q" || kind == "g":
		f.Line = party
	default:
		f.Agent = party
	}
}

func isNumber(s string) bool {
	digits := strings.TrimPrefix(s, "+")
	return len(digits) >= shortest && len(digits) <= 18 && strings.Trim(digits, "0123456789") == ""
}

func isExtension(s string) bool {
	return s != "" && len(s) < shortest && strings.Trim(s, "0123456789") == ""
}

// extension is s, but "" for what isn't somebody's.
func extension(s string) string {
	switch strings.ToLower(s) {
	case "unknown", "anonymous", "s", "h", "restricted", "unavailable", "private":
		return ""
	}
	return s
}

// presetReader is the preset of that name.
func presetReader(name string, in *time.Location, s sides) (Reader, error) {
	for _, p := range presets {
		if p.name == name {
			return p.reader(in, s), nil
		}
	}
	return nil, usage.Errorf("--preset %q is not known; there are %s", name, strings.Join(Presets(), ", "))
}
