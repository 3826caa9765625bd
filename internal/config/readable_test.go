package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// leaves visits all settings of the configuration by their names, with what each is.
func leaves(t reflect.Type, key string, visit func(key string, t reflect.Type)) {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[yaml.Node]() {
		visit(key, t)
		return
	}
	for f := range settings(t) {
		leaves(f.Type, strings.TrimPrefix(key+"."+yamlName(f), "."), visit)
	}
}

// nested writes a setting as a file has it.
func nested(key, value string) string {
	var out strings.Builder
	names := strings.Split(key, ".")
	for depth, name := range names {
		out.WriteString(strings.Repeat("  ", depth) + name + ":")
		if depth < len(names)-1 {
			out.WriteString("\n")
		}
	}
	return out.String() + " " + value + "\n"
}

func loadFile(t *testing.T, text string) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), FileName)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	_, err := Load(path)
	return err
}

// Every setting that holds what it can't be, and every name that is none, is told of by its name and
// line, and never in Go's words.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	seen := 0
	leaves(reflect.TypeFor[Config](), "", func(key string, is reflect.Type) {
		if is == reflect.TypeFor[yaml.Node]() {
			return // rules, which their own reader tells of
		}
		seen++
		depth := strings.Count(key, ".") + 1
		wrong, want := "{a: {b: c}}", expected(is)
		switch is.Kind() {
		case reflect.Slice:
			want = "a list"
		case reflect.Map:
			wrong, want = "[a]", "settings with their names"
		case reflect.Int, reflect.Float64, reflect.Bool, reflect.Int64:
			wrong = "lots"
		default:
		}
		for _, tt := range []struct{ text, want string }{
			{nested(key, wrong), key},
			{nested(key, wrong), want},
			{nested(key, wrong), "line " + string(rune('0'+depth))},
			{nested(key+"x", "1"), "line " + string(rune('0'+depth)) + ": " + key + "x is no setting; there are"},
		} {
			err := loadFile(t, tt.text)
			require.ErrorContains(t, err, tt.want, tt.text)
			for _, raw := range []string{"config.", "!!", "unmarshal", "strconv", "reflect", " yaml: "} {
				require.NotContains(t, err.Error(), raw, tt.text)
			}
		}
		require.NoError(t, loadFile(t, nested(key, "")), "%s is left empty", key)
	})
	require.Greater(t, seen, 35)
}

func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"data: [":                        "is not readable as YAML: line 1",
		"just words":                     `line 1: the file is "just words"; it must be settings with their names; there are data`,
		"grpc: 127.0.0.1:7430":           `line 1: grpc is "127.0.0.1:7430"; it must be settings with their names; there are address`,
		"review: {lease: 10}":            `line 1: review.lease is "10"; it must be a period with its unit, such as 30s, 10m or 24h`,
		"intake: {sources: {a: {b: 1}}}": "line 1: intake.sources.a.b is no setting; there are customer_channel",
		"x: 1\ny: 2":                     "line 2: y is no setting",
	} {
		require.ErrorContains(t, loadFile(t, text), want, text)
	}
	require.NoError(t, loadFile(t, "# nothing\n"))
	require.NoError(t, loadFile(t, "review: &r {lease: 5m}\njudging: {threshold: 0.5}\n"))
}

func TestWrongVariables(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"REFRAIN_JUDGING_THRESHOLD":    "a number, such as 0.5",
		"REFRAIN_SPEECH_STATES":        "a whole number",
		"REFRAIN_SPEECH_SHARE_WINDOWS": "true or false",
		"REFRAIN_REVIEW_LEASE":         "a period with its unit",
		"REFRAIN_SPEECH_HTTP_TIMEOUT":  "a period with its unit",
		"REFRAIN_REVIEW_BLIND_PER_DAY": "a whole number",
		"REFRAIN_REPORT_COST_PER_CALL": "a number, such as 0.5",
		"REFRAIN_SHUTDOWN_GRACE":       "a period with its unit",
		"REFRAIN_SPEECH_HTTP_PARALLEL": "a whole number",
		"REFRAIN_INTAKE_MOST_BACKLOG":  "a whole number",
	} {
		err := checkVariables(reflect.TypeFor[Config](), envPrefix, func(asked string) string {
			if asked == name {
				return "lots"
			}
			return ""
		})
		require.ErrorContains(t, err, "the environment sets "+name+` to "lots"; it must be `+want)
	}
	require.True(t, parses(reflect.TypeFor[time.Duration](), "10m"))
}
