package naming

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// fieldPatterns are what a file's name may say, and what each looks like there
// unless the template says otherwise.
var fieldPatterns = map[string]string{
	"call_id": `[^/]+`, "number": usualNumber, "part": `[^/]+`, "agent": `[^/]+`, "source": `[^/]+`,
	"line": `[^/]+`, "start": `[0-9]{4}-?[0-9]{2}-?[0-9]{2}[-_T ]?[0-9]{2}[-:.]?[0-9]{2}[-:.]?[0-9]{2}|[0-9]{10}`,
	"side": `in|out|rx|tx|r|t|agent|customer`, ignored: `[^/]*`,
}

const ignored = "ignore"

// template reads a recording's particulars from its file's name.
type template struct {
	text string
	// names of the placeholders, in order.
	names []string
	// Where both read a name in the same way, there is only one way to read it.
	shortest, longest *regexp.Regexp
	// elements of the path that the template covers.
	elements int
}

// compileTemplate readies a template such as "{call_id}_{number}_{agent}.wav". What
// stands in braces is a field, the rest must be there literally. {ignore} stands for
// anything, {call_id:[0-9-]+} for a call id that looks like that. A template with
// slashes reads the names of the folders, too.
func compileTemplate(text string, needed ...string) (*template, error) {
	t := &template{text: text}
	pattern, err := t.translate()
	if err != nil {
		return nil, usage.Errorf("--template %q: %v", text, err)
	}
	for _, name := range needed {
		if !slices.Contains(t.names, name) {
			return nil, usage.Errorf("--template %q must hold {%s}", text, name)
		}
	}
	if t.shortest, err = regexp.Compile("(?U)" + pattern); err == nil {
		t.longest, err = regexp.Compile(pattern)
	}
	if err != nil {
		return nil, usage.Errorf("--template %q: %v", text, err)
	}
	if t.longest.NumSubexp() != len(t.names) {
		return nil, usage.Errorf("--template %q: write groups within a field as (?:...)", text)
	}
	return t, nil
}

// usualNumber and writtenNumber stand for a number: digits alone, and as people write it, too.
const (
	usualNumber   = `\+?[0-9]+`
	writtenNumber = `\+?[0-9][0-9 ().-]*[0-9]`
)

// why says what of a name keeps it from fitting, where it would with a number as people write it. By
// itself a number is digits, since a dash is mostly what stands between two fields.
func (t *template) why(name string) string {
	pattern := t.longest.String()
	wider, err := regexp.Compile(strings.Replace(pattern, "("+usualNumber+")", "("+writtenNumber+")", 1))
	if err != nil || wider.String() == pattern || !wider.MatchString(name) {
		return ""
	}
	return "; {number} stands for digits alone: where numbers have dashes, write {number:[0-9-]+}"
}

// translate makes a regular expression of the template.
func (t *template) translate() (string, error) {
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	rest := t.text
	for afterField := false; rest != ""; {
		if rest[0] != '{' {
			literal, _, _ := strings.Cut(rest, "{")
			rest = rest[len(literal):]
			t.elements += strings.Count(literal, "/")
			pattern.WriteString(regexp.QuoteMeta(literal))
			afterField = false
			continue
		}
		inside, after, ok := cutField(rest)
		if !ok {
			return "", errors.New("a brace is not closed")
		}
		looks, err := t.field(inside, afterField)
		if err != nil {
			return "", err
		}
		pattern.WriteString("(" + looks + ")")
		rest, afterField = after, true
	}
	t.elements++
	pattern.WriteString(`\z`)
	return pattern.String(), nil
}

// field notes a field, and gives the regular expression of what it looks like.
func (t *template) field(inside string, afterField bool) (string, error) {
	name, looks, own := strings.Cut(inside, ":")
	switch usual, known := fieldPatterns[name]; {
	case !known:
		return "", fmt.Errorf("there is no field {%s}; use {call_id}, {number}, {part}, "+
			"{agent}, {line}, {start}, {side}, {source} or {ignore}", name)
	case name != ignored && slices.Contains(t.names, name):
		return "", fmt.Errorf("{%s} is there twice", name)
	case afterField:
		return "", fmt.Errorf("{%s} follows another field directly, so nobody could tell "+
			"where it begins", name)
	case !own:
		looks = usual
	}
	if _, err := regexp.Compile(looks); err != nil {
		return "", fmt.Errorf("{%s}: %w", name, err)
	}
	t.names = append(t.names, name)
	return looks, nil
}

// cutField takes "{...}" off the beginning of s; braces inside come in pairs.
func cutField(s string) (inside, after string, ok bool) {
	depth := 0
	for i, r := range s {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return s[1:i], s[i+1:], true
		}
	}
	return "", "", false
}

// read gives the fields that a file's name says.
func (t *template) read(path string) (map[string]string, error) {
	elements := strings.Split(filepath.ToSlash(filepath.Clean(path)), "/")
	name := strings.Join(elements[max(0, len(elements)-t.elements):], "/")
	short, long := t.shortest.FindStringSubmatch(name), t.longest.FindStringSubmatch(name)
	if short == nil {
		return nil, fmt.Errorf("the name %q does not fit the template %q%s", name, t.text, t.why(name))
	}
	fields := make(map[string]string, len(t.names))
	for i, field := range t.names {
		if short[i+1] != long[i+1] {
			return nil, fmt.Errorf("the name %q fits the template %q in several ways: %s could "+
				"be %q or %q; say what it looks like, such as {%s:[^_]+}",
				name, t.text, field, short[i+1], long[i+1], field)
		}
		fields[field] = short[i+1]
	}
	delete(fields, ignored)
	return fields, nil
}

// reader reads names by the template.
func (t *template) reader(in *time.Location, s sides) Reader {
	return func(path string) (f Facts, err error) {
		fields, err := t.read(path)
		if err != nil {
			return f, err
		}
		for _, name := range t.names {
			if err := f.set(name, fields[name], in, s); err != nil {
				return f, fmt.Errorf("%s %q %w", name, fields[name], err)
			}
		}
		return f, nil
	}
}
