package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/cli/console"
)

// People are kept by commands; a password is never an argument, nor shown.
func TestUsersByHand(t *testing.T) {
	t.Parallel()
	cfg := demoConfig(t.TempDir())
	server := startConfigured(t, cfg, app.Options{})
	const password = "correct horse battery\n"
	run := func(stdin string, args ...string) result {
		return refrain(t, stdin, append([]string{"user"}, args...)...)
	}
	require.Contains(t, run("", "list", "--server", server).out, "nobody signs in yet")
	got := run(password, "add", "wang", "--role", "reviewer", "--line", "loans", "--server", server)
	require.Zero(t, got.code, got)
	require.Equal(t, "wang was added\n", got.out)
	require.Contains(t, got.errors, "refrain user add NAME --role admin --data DIRECTORY", "nobody can get in any more")
	got = run("", "list", "--server", server)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, got.errors, "key")

	back := []string{"--data", cfg.Data}
	do := func(stdin string, args ...string) result {
		t.Helper()
		got := run(stdin, append(args, back...)...)
		require.Zero(t, got.code, "%v: %s", args, got.errors)
		require.NotContains(t, got.out+got.errors, "correct horse")
		return got
	}
	require.Empty(t, do(password, "add", "li", "--role", "admin").errors)
	require.Regexp(t, `(?s)USER +ROLE +LINES +SIGNS IN +SESSIONS.*li +admin +all +password +0.*wang +reviewer +loans`,
		do("", "list").out)
	require.Equal(t, "wang has the role auditor now, for the lines loans\n", do("", "role", "wang", "--role", "auditor").out)
	require.Equal(t, "wang has the role auditor now, for all lines\n",
		do("", "role", "wang", "--role", "auditor", "--all-lines").out)
	require.Contains(t, do("another password\r\n", "passwd", "wang").out, "another password")
	setup := do("", "totp", "wang").out
	require.Regexp(t, `^[A-Z2-7]{32}\notpauth://totp/Refrain:wang\?issuer=Refrain&secret=[A-Z2-7]{32}\n$`, setup)
	do("", "totp", "wang", "--remove")
	do("", "sign-out", "wang")
	do("", "disable", "wang", "--reason", "left us")
	var line map[string]any
	lines := strings.Split(do("", "list", "--format", "json").out, "\n")
	require.NoError(t, json.Unmarshal([]byte(lines[1]), &line))
	require.Equal(t, []any{"wang", "auditor", []any{}, false, "cli"},
		[]any{line["user"], line["role"], line["lines"], line["totp"], line["disabler"]})
	do("", "enable", "wang")

	for args, want := range map[string]string{
		"add wang --role boss":      "must be one of",
		"add wang":                  "must be one of",
		"add":                       "give one NAME",
		"add x --role agent":        "there is no password on standard input",
		"passwd nobody":             "there is no password on standard input",
		"disable wang":              "reason",
		"enable nobody":             "there is nobody of that name",
		"add li --role reviewer\n":  "names are not given twice",
		"add zhao --role reviewer!": "must be one of",
	} {
		stdin := ""
		if strings.HasSuffix(args, "\n") {
			stdin = password
		}
		got := run(stdin, append(strings.Fields(args), back...)...)
		require.NotZero(t, got.code, args)
		require.Contains(t, got.errors, want, args)
	}
	got = run("short\n", append([]string{"add", "zhao", "--role", "agent"}, back...)...)
	require.Contains(t, got.errors, "at least 12 characters")
}
