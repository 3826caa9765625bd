package config

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// What is wrong with a setting is said in the words of who writes settings: its whole name, its line,
// what stands there and what should. The libraries speak of Go's types, and don't name what a
// mistyped setting lies in.

// checkFile says what of the file's settings can't be read into c, each with its line.
func checkFile(top *yaml.Node, c Config) error {
	if top.Kind == yaml.DocumentNode && len(top.Content) == 1 {
		top = top.Content[0]
	}
	var errs []error
	checkNode(top, reflect.TypeOf(c), "", &errs)
	return errors.Join(errs...)
}

// resolved is what a node stands for.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func checkNode(n *yaml.Node, t reflect.Type, key string, errs *[]error) {
	n = resolved(n)
	if n.Tag == "!!null" || t == reflect.TypeFor[yaml.Node]() { // sets nothing; is read elsewhere
		return
	}
	bad := func(n *yaml.Node, format string, args ...any) {
		*errs = append(*errs, fmt.Errorf("line %d: %s", n.Line, fmt.Sprintf(format, args...)))
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		if n.Kind != yaml.MappingNode {
			bad(n, "%s %s; it must be settings with their names%s", named(key), shown(n), among(t))
			return
		}
		checkMapping(n, t, key, errs)
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			bad(n, "%s %s; it must be a list, such as [a, b]", named(key), shown(n))
			return
		}
		for i, one := range n.Content {
			checkNode(one, t.Elem(), fmt.Sprintf("%s[%d]", key, i), errs)
		}
	default:
		if n.Kind != yaml.ScalarNode || n.Decode(reflect.New(t).Interface()) != nil {
			bad(n, "%s %s; it must be %s", named(key), shown(n), expected(t))
		}
	}
}

// checkMapping checks settings of a struct, or of a map whose names are free.
func checkMapping(n *yaml.Node, t reflect.Type, key string, errs *[]error) {
	fields := fieldsOf(t)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		whole := strings.TrimPrefix(key+"."+name.Value, ".")
		of, known := fields[name.Value]
		switch {
		case name.Tag == "!!merge":
			checkNode(value, t, key, errs)
		case t.Kind() == reflect.Map:
			checkNode(value, t.Elem(), whole, errs)
		case !known:
			*errs = append(*errs, fmt.Errorf("line %d: %s is no setting%s", name.Line, whole, among(t)))
		default:
			checkNode(value, of, whole, errs)
		}
	}
}

// named is how a setting is named; the file itself has no name.
func named(key string) string {
	if key == "" {
		return "the file"
	}
	return key
}

// shown is what stands there instead.
func shown(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "has settings of its own"
	case yaml.SequenceNode:
		return "is a list"
	default:
		return fmt.Sprintf("is %.40q", n.Value)
	}
}

// among lists the names that t has, "" for those that are free.
func among(t reflect.Type) string {
	if t.Kind() != reflect.Struct {
		return ""
	}
	var names []string
	for f := range settings(t) {
		names = append(names, yamlName(f))
	}
	return "; there are " + strings.Join(names, ", ")
}

func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	if t.Kind() == reflect.Struct {
		for f := range settings(t) {
			fields[yamlName(f)] = f.Type
		}
	}
	return fields
}

// settings are the fields of a struct that have names in a file, also those of the structs inline in it.
func settings(t reflect.Type) iter.Seq[reflect.StructField] {
	return func(yield func(reflect.StructField) bool) {
		for f := range t.Fields() {
			if strings.HasSuffix(f.Tag.Get("yaml"), ",inline") {
				for inner := range settings(f.Type) {
					if !yield(inner) {
						return
					}
				}
			} else if yamlName(f) != "" && !yield(f) {
				return
			}
		}
	}
}

func yamlName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	if name == "-" {
		return ""
	}
	return name
}

// expected says what a setting of a type must be.
func expected(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a period with its unit, such as 30s, 10m or 24h"
	case t == reflect.TypeFor[Period]():
		return "a period, such as 90d or 36h"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	case t.Kind() == reflect.Float64:
		return "a number, such as 0.5"
	}
	return "a text"
}

// checkVariables says which variables of the environment can't be read into a setting. getenv looks
// one up.
func checkVariables(t reflect.Type, prefix string, getenv func(string) string) error {
	var errs []error
	for f := range t.Fields() {
		name := f.Tag.Get("env")
		if f.Type.Kind() == reflect.Struct && name == "" {
			errs = append(errs, checkVariables(f.Type, prefix+f.Tag.Get("envPrefix"), getenv))
			continue
		}
		text := getenv(prefix + name)
		if name == "" || text == "" || parses(f.Type, text) {
			continue
		}
		errs = append(errs, fmt.Errorf("the environment sets %s to %.40q; it must be %s", prefix+name, text,
			expected(f.Type)))
	}
	return errors.Join(errs...)
}

// parses reports whether a variable's text is of the type.
func parses(t reflect.Type, text string) bool {
	var err error
	switch {
	case t == reflect.TypeFor[time.Duration]():
		_, err = time.ParseDuration(text)
	case t == reflect.TypeFor[Period]():
		err = new(Period).UnmarshalText([]byte(text))
	case t.Kind() == reflect.Bool:
		_, err = strconv.ParseBool(text)
	case t.Kind() == reflect.Int:
		_, err = strconv.Atoi(text)
	case t.Kind() == reflect.Float64:
		_, err = strconv.ParseFloat(text, 64)
	}
	return err == nil
}
