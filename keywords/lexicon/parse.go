package lexicon

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/fault"
)

// The limits of a lexicon. They are far above what people write and keep a hostile
// file from costing much.
const (
	maxSource = 4 << 20 // bytes
	maxText   = 40      // characters of a wording
	maxErrors = 50
	// maxPattern is in characters.
	maxPattern = 400
	// maxAllWordings bounds what all patterns stand for together.
	maxAllWordings = 200_000
)

const defaultWeight = 0.9

var idForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// versionForm keeps an ID printable on a line and usable in a file name.
var versionForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$`)

// Error is one thing wrong with a lexicon file.
type Error struct {
	// File is where it is wrong if the lexicon is a folder, else empty.
	File string
	// Line counts from 1; 0 where the whole file is meant.
	Line int
	What string
}

// Error implements error.
func (e Error) Error() string {
	switch {
	case e.File != "":
		return fmt.Sprintf("%s, line %d: %s", e.File, e.Line, e.What)
	case e.Line == 0:
		return e.What
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.What)
}

// Parse reads a lexicon. All that is wrong with it is reported at once: the error
// joins values of type Error, or is the YAML reader's own with line numbers.
func Parse(source []byte) (*Lexicon, error) {
	if len(source) > maxSource {
		return nil, tooLarge(len(source))
	}
	if !utf8.Valid(source) {
		return nil, Error{What: "the lexicon is not UTF-8; save it as UTF-8"}
	}
	var f file
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
		return nil, readable(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, Error{What: "a lexicon is one YAML document; remove what follows the first"}
	}
	b := builder{seen: map[string]int{}}
	lex := b.build(f)
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	lex.source, lex.sum = bytes.Clone(source), sum(source)
	return lex, nil
}

func tooLarge(size int) Error {
	return Error{What: fmt.Sprintf("the lexicon has %d bytes; the most is %d", size, maxSource)}
}

var unknownField = regexp.MustCompile(`field (\S+) (not found|already set) in type \S+`)

// fields are the names of all fields of a lexicon.
var fields = []string{
	"version", "words", "classes", "compounds", "sounds", "around", "vetoes", "learned", "measured",
	"id", "label", "says", "zh", "en", "freeze", "weight", "asked", "despite", "suffices", "track",
	"first", "last", "unless", "phrases", "before", "after", "between", "far", "negated", "question",
	"condition", "reported", "narrowed", "deferred", "announcement", "hallucination", "refusals",
	"others", "ordinary", "learned_here", "enabled", "made", "upon", "model", "confirmed",
	"dismissed", "shift", "items", "answers", "class", "no", "none", "offer", "other",
}

var lineForm = regexp.MustCompile(`^line (\d+): (.*)`)

// readable puts the YAML reader's words about our types into ones about the file.
func readable(err error) error {
	if errors.Is(err, io.EOF) {
		return Error{What: "the lexicon is empty"}
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = unknownField.ReplaceAllStringFunc(text, func(what string) string {
		found := unknownField.FindStringSubmatch(what)
		if found[2] == "already set" || slices.Contains(fields, found[1]) {
			return fmt.Sprintf("field %q is unknown here or given twice", found[1])
		}
		return fmt.Sprintf("field %q is unknown here%s",
			found[1], fault.DidYouMean(found[1], fields))
	})
	var errs []error
	for line := range strings.SplitSeq(strings.TrimPrefix(text, "unmarshal errors:\n"), "\n") {
		line = strings.TrimSpace(line)
		one := Error{What: line}
		if found := lineForm.FindStringSubmatch(line); found != nil {
			if n, err := strconv.Atoi(found[1]); err == nil {
				one = Error{Line: n, What: found[2]}
			}
		}
		errs = append(errs, one)
	}
	return errors.Join(errs...)
}

// Errors are all errors that err, from Parse or from making use of a lexicon, joins.
func Errors(err error) []Error {
	var list []Error
	switch e := err.(type) { //nolint:errorlint // walks the tree by itself
	case nil:
	case Error:
		list = append(list, e)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			list = append(list, Errors(one)...)
		}
	case interface{ Unwrap() error }:
		list = Errors(e.Unwrap())
	}
	if len(list) == 0 && err != nil {
		list = append(list, Error{What: err.Error()})
	}
	return list
}
