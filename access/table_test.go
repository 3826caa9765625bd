package access_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/access"
)

const (
	docs  = "../docs/security.md"
	begin = "<!-- The table of access/table.go: UPDATE_GOLDEN=1 go test ./access -->\n"
	end   = "<!-- The end of the table. -->\n"
)

// The table in the documents is the table in the code.
func TestDocumentsHoldTheTable(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(docs)
	require.NoError(t, err)
	before, rest, ok := strings.Cut(string(raw), begin)
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, end)
	require.True(t, ok)
	want := before + begin + printed() + end + after
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(docs, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(raw), "run UPDATE_GOLDEN=1 go test ./access")
}

// printed is the table in Markdown.
func printed() string {
	var b strings.Builder
	head := []string{"request"}
	for _, r := range access.Roles() {
		head = append(head, string(r))
	}
	head = append(head, "line", "recorded as")
	row := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	row(head)
	row(strings.Fields(strings.Repeat("--- ", len(head))))
	for _, name := range access.RPCs() {
		rule, _ := access.RuleOf(name)
		row(cells(strings.TrimPrefix(name, "refrain.v1."), rule))
	}
	for _, pattern := range access.Routes() {
		rule, _ := access.RouteOf(pattern)
		if rule.Via == "" {
			row(cells("`"+pattern+"`", rule))
		}
	}
	b.WriteString("\nThese addresses of HTTP ask as the request that they make; all of REST (`/v1/`) does so, too:\n\n")
	for _, pattern := range access.Routes() {
		if rule, _ := access.RouteOf(pattern); rule.Via != "" && rule.Via != "*" {
			fmt.Fprintf(&b, "- `%s`: %s\n", pattern, strings.TrimPrefix(rule.Via, "refrain.v1."))
		}
	}
	return b.String()
}

func cells(name string, rule access.Rule) []string {
	out := []string{name}
	for _, r := range access.Roles() {
		switch {
		case rule.Open:
			out = append(out, "open")
		case rule.Allows(r):
			out = append(out, "yes")
		case rule.Reveals:
			out = append(out, "named")
		default:
			out = append(out, "")
		}
	}
	scope := map[access.Scope]string{access.AllLines: "all lines only", access.NoLine: "any",
		access.LineField: "its own", access.LineOfName: "its own"}[rule.Scope]
	if rule.Open {
		scope = "any"
	}
	return append(out, scope, string(rule.Audit))
}

// Roles hold what they promise, whatever is added to the table.
func TestRolesHoldTheirPromise(t *testing.T) {
	t.Parallel()
	for _, name := range access.RPCs() {
		rule, _ := access.RuleOf(name)
		method := name[strings.LastIndexByte(name, '/')+1:]
		reads := false
		for _, verb := range []string{"Get", "List", "Show", "Check", "Test", "Preview", "Watch", "Verify", "Export", "Count", "WhoAmI",
			"RevealNumber", "ServerReflection"} {
			reads = reads || strings.HasPrefix(method, verb)
		}
		own := strings.Contains(method, "Own") && strings.Contains(name, "UserService/")
		if rule.Allows(access.Auditor) && !rule.Open {
			require.True(t, reads || own, "an auditor changes nothing but what he signs in with: %s", name)
		}
		if reads && !rule.Open {
			require.True(t, rule.Allows(access.Auditor), "an auditor reads everything: %s", name)
		}
		require.True(t, rule.Open || rule.Allows(access.Admin), name)
		if (strings.Contains(name, "KeyService/") || strings.Contains(name, "UserService/")) && !reads && !own {
			require.Empty(t, rule.Roles, "an admin alone keeps keys and people: %s", name)
		}
	}
	require.False(t, access.MayReveal(access.Reviewer))
	require.False(t, access.MayReveal(access.Analyst))
}
