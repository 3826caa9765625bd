package lexicon

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// yamlLine is how the YAML reader names a line.
var yamlLine = regexp.MustCompile(`^\s*(?:yaml: )?line (\d+): (.*)$`)

// Problems takes the single findings out of what Parse or checking a lexicon gave, each
// with its line where it has one.
func Problems(err error) []Error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []Error
		for _, e := range joined.Unwrap() {
			out = append(out, Problems(e)...)
		}
		return out
	}
	// The YAML reader tells of several lines in one text.
	if e, ok := errors.AsType[Error](err); ok && !strings.Contains(e.What, "\n") {
		return []Error{e}
	}
	var out []Error
	for text := range strings.Lines(err.Error()) {
		text = strings.TrimRight(text, "\n")
		m := yamlLine.FindStringSubmatch(text)
		if m == nil {
			out = append(out, Error{What: strings.TrimSpace(text)})
			continue
		}
		line, _ := strconv.Atoi(m[1]) // digits
		out = append(out, Error{Line: line, What: m[2]})
	}
	if len(out) > 1 && strings.HasSuffix(out[0].What, "errors:") { // the reader's heading
		out = out[1:]
	}
	return out
}
