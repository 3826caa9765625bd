package calls

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/fault"
)

// reader reads the nodes of a file and notes all that is wrong with it.
type reader struct{ problems Problems }

func (r *reader) bad(line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{line, fmt.Sprintf(format, args...)})
}

// fields hands each field of a mapping to its function, and returns which there were.
func (r *reader) fields(node *yaml.Node, known map[string]func(*yaml.Node)) map[string]bool {
	node, names := resolved(node), slices.Sorted(maps.Keys(known))
	seen := map[string]bool{}
	if node.Kind != yaml.MappingNode {
		r.bad(node.Line, "fields are expected here: %s", strings.Join(names, ", "))
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case !ok:
			r.bad(key.Line, "field %q is unknown here%s", key.Value,
				fault.DidYouMean(key.Value, names))
		case seen[key.Value]:
			r.bad(key.Line, "field %q is given twice", key.Value)
		default:
			seen[key.Value] = true
			read(value)
		}
	}
	return seen
}

// resolved follows an alias to what it stands for.
func resolved(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// text is a plain value as it is written.
func (r *reader) text(field string, node *yaml.Node) (text string, ok bool) {
	if node = resolved(node); node.Kind != yaml.ScalarNode {
		r.bad(node.Line, "%s must be one value", field)
		return "", false
	}
	return strings.TrimSpace(node.Value), true
}

// boolInto reads true or false.
func (r *reader) boolInto(field string, into *bool) func(*yaml.Node) {
	return func(node *yaml.Node) {
		if text, ok := r.text(field, node); ok && resolved(node).Decode(into) != nil {
			r.bad(node.Line, "%s is %q; it must be true or false", field, text)
		}
	}
}

// intInto reads a whole number within bounds.
func (r *reader) intInto(field string, into *int, least, most int) func(*yaml.Node) {
	return func(node *yaml.Node) {
		text, ok := r.text(field, node)
		if !ok {
			return
		}
		var err error
		if *into, err = strconv.Atoi(text); err != nil || *into < least || *into > most {
			r.bad(node.Line, "%s is %q; it must be a whole number from %d to %d", field, text,
				least, most)
		}
	}
}

// shareInto reads a number over 0 and up to 1.
func (r *reader) shareInto(field string, into *float64) func(*yaml.Node) {
	return func(node *yaml.Node) {
		text, ok := r.text(field, node)
		if !ok {
			return
		}
		var err error
		if *into, err = strconv.ParseFloat(text, 64); err != nil || !(*into > 0 && *into <= 1) {
			r.bad(node.Line, "%s is %q; it must be a number over 0 and up to 1, such as 0.5", field,
				text)
		}
	}
}

// timeOfDayInto reads 08:00, up to 24:00.
func (r *reader) timeOfDayInto(field string, into *time.Duration) func(*yaml.Node) {
	return func(node *yaml.Node) {
		text, ok := r.text(field, node)
		if !ok {
			return
		}
		if text == "24:00" {
			*into = 24 * time.Hour
			return
		}
		t, err := time.Parse("15:04", text)
		if err != nil {
			r.bad(node.Line,
				"%s is %q; it must be a time of day from 00:00 to 24:00, such as 08:00", field,
				text)
		}
		*into = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
}

// period reads a length of time such as 30d, 24h or 90m; hours and minutes may stand
// together.
func period(text string) (time.Duration, bool) {
	const most = 36500
	if digits, ok := strings.CutSuffix(text, "d"); ok {
		days, err := strconv.Atoi(digits)
		return time.Duration(days) * 24 * time.Hour, err == nil && days > 0 && days <= most
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d > 0 && d <= most*24*time.Hour && d%time.Minute == 0
}
