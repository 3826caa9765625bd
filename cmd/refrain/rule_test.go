package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
)

const wrongRules = `name: my rules
rules:
  - name: a
    when: call.outcome == 'rejectd'
    limit: 0
    windw: day
    freeze: 30x
`

func TestRulesGolden(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	for _, call := range [][2]string{{"c1", "09:00"}, {"c2", "09:05"}} {
		u.must("call", "report", call[0], "--number", "13800138000", "--start",
			"2026-03-05T"+call[1]+":00+08:00", "--outcome", "rejected")
	}
	u.write("mine.yaml", strings.NewReplacer("name: shipped", "name: mine", "limit: 3",
		"limit: 2").Replace(string(calls.Default().Source())))
	u.write("wrong.yaml", wrongRules)
	u.write("empty.yaml", "")
	u.must("rule", "list")
	u.must("rule", "list", "--format", "json")
	u.must("rule", "versions")
	u.run("rule", "check", "@mine.yaml", "@wrong.yaml", "@empty.yaml", "@none.yaml")
	u.run("rule", "check", "@wrong.yaml", "@mine.yaml", "--format", "json")
	u.must("rule", "test")
	u.must("rule", "test", "@mine.yaml", "--since", "2026-03-05T00:00:00+08:00", "--until",
		"2026-03-06T00:00:00+08:00")
	u.must("rule", "test", "@mine.yaml", "--last", "7d", "--format", "json")
	u.run("rule", "test", "@wrong.yaml")
	u.run("rule", "test", "--since", "2026-03-05T00:00:00Z", "--until", "2026-03-04T00:00:00Z")
	u.run("rule", "activate", "@wrong.yaml")
	u.run("rule", "activate", "@empty.yaml")
	u.must("rule", "activate", "@mine.yaml", "--as", "李雷")
	u.must("rule", "list")
	u.must("rule", "activate", "--version", "shipped")
	u.must("rule", "activate", "--version", "mine@"+versionOf(t, u.read("mine.yaml")), "--format",
		"json")
	u.must("rule", "versions")
	u.must("rule", "versions", "--format", "json")
	u.run("rule", "activate", "--version", "nosuch")
	u.run("rule", "show", "--version", "nosuch")
	u.must("freeze", "list") // rules look at no call that began before them
	u.must("call", "report", "c3", "--number", "13800138000", "--start",
		u.now().UTC().Format(time.RFC3339), "--outcome", "rejected", "--format", "json")
	u.golden("rules.txt")
}

func versionOf(t *testing.T, source string) string {
	t.Helper()
	rules, err := calls.Parse([]byte(source))
	require.NoError(t, err)
	_, sum, _ := strings.Cut(rules.Version, "@")
	return sum
}

// What is shown is what was activated, byte by byte.
func TestRuleShow(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	shipped := string(calls.Default().Source())
	require.Equal(t, shipped, u.must("rule", "show"))
	require.Equal(t, result{0, shipped, ""},
		refrain(t, "", "rule", "show", "--shipped", "--server", nowhere))
	mine := strings.Replace(shipped, "name: shipped", "name: mine", 1) + "\n# 我的\r\n"
	u.write("mine.yaml", mine)
	u.must("rule", "activate", "@mine.yaml")
	require.Equal(t, mine, u.must("rule", "show"))
	u.must("rule", "activate", "--version", "shipped")
	require.Equal(t, shipped, u.must("rule", "show"))
	require.Equal(t, mine, u.must("rule", "show", "--version", "mine@"+versionOf(t, mine)))
}

// A line that looks like a failing trunk is told of.
func TestFailingLine(t *testing.T) {
	t.Parallel()
	u := newUser(t, nil)
	var text strings.Builder
	text.WriteString("call_id,number,start,outcome,line\n")
	for i := range 30 {
		text.WriteString("f" + string(rune('a'+i)) + ",138001380" + string(rune('0'+i/10)) +
			string(rune('0'+i%10)) + ",2026-03-05T09:00:00+08:00,rejected,trunk-a\n")
	}
	u.write("cdr.csv", text.String())
	u.must("call", "import", "@cdr.csv")
	require.Regexp(t,
		`line "trunk-a" looked like a failing trunk at 2026-03-0\d \d\d:\d\d \(30 of 30 calls rejected\)`, u.must("rule", "list"))
	require.Contains(t, u.must("call", "show", "fa"), "untrusted  its line looked like a failing "+
		"trunk")
}
