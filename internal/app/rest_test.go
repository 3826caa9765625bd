package app_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// dig follows keys into what JSON holds, and indices into its lists.
func dig(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch k := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			require.True(t, ok, "%v has no %q", v, k)
			v = m[k]
		case int:
			l, ok := v.([]any)
			require.True(t, ok && k < len(l), "%v has no %d", v, k)
			v = l[k]
		}
	}
	return v
}

// Calls, rules, freezes and reports over REST are the same as over gRPC.
func TestRESTForCallsAndRules(t *testing.T) {
	t.Parallel()
	clock := newClock()
	cfg := testConfig(t.TempDir())
	cfg.Privacy.Reveal = []string{"li"}
	s := start(t, cfg, goBy(clock))
	base := "http://" + s.app.HTTPAddr() + "/v1/"
	ok := func(method, path, actor, body string) map[string]any {
		code, got := rest(t, method, base+path, actor, body)
		require.Equal(t, http.StatusOK, code, "%s %s: %v", method, path, got)
		return got
	}
	call := func(id string, minute int) string {
		return fmt.Sprintf(
			`{"callId":%q,"number":"1380013800%d","line":"trunk","startTime":"2026-03-02T09:%02d:00+08:00","outcome":"OUTCOME_REJECTED"}`, id, 1+minute/10, minute)
	}
	got := ok("POST", "calls", "", call("a", 0))
	require.Equal(t, "STATUS_CREATED", dig(t, got, "result", "status"))
	require.Equal(t, "138****8001", dig(t, got, "result", "call", "maskedNumber"))
	got = ok("POST", "calls:batchReport", "", `{"calls":[`+call("b", 1)+`,{"callId":"bad"},`+
		call("c", 2)+`]}`)
	require.Equal(t, "STATUS_REFUSED", dig(t, got, "results", 1, "status"))
	require.Contains(t, dig(t, got, "results", 1, "error", "message"), "number is")
	frozen := dig(t, got, "results", 2, "freezes", 0)
	require.Equal(t, "a", dig(t, ok("GET", "calls/a", "", ""), "call", "callId"))
	// as sources make them
	for i, id := range []string{"c/d e", "1700000000.17", "a:b", "sip:1@10.0.0.1", "x%41y",
		"通话+1", "r:reserve"} {
		ok("POST", "calls", "", call(id, 10+i))
		require.Equal(t, id, dig(t, ok("GET", "calls/"+url.PathEscape(id), "", ""), "call",
			"callId"))
	}
	require.Len(t, dig(t, ok("GET", "calls?number=13800138001&pageSize=2", "", ""), "calls"), 2)
	require.Equal(t, true, dig(t, ok("POST", "calls:reserve", "",
		`{"callId":"r","number":"13800138009","hold":"60s"}`), "answer", "allowed"))
	require.Equal(t, frozen, dig(t, ok("GET", "numbers/13800138001:check?line=trunk&agent=a", "",
		""), "answer", "freeze"))
	code, got := rest(t, "GET", base+"calls/nobody", "", "")
	require.Equal(t, http.StatusNotFound, code)
	require.NotEmpty(t, got["message"])
	code, _ = rest(t, "POST", base+"calls", "", `{"callId":"a","colour":"red"}`)
	require.Equal(t, http.StatusBadRequest, code)

	require.Equal(t, "rejected-or-short",
		dig(t, ok("GET", "rules", "", ""), "rules", "rules", 0, "name"))
	require.NotEmpty(t, dig(t, ok("GET", "rules/versions", "", ""), "versions", 0, "version"))
	source := `{"source":"rules: []\nhours: {enabled: true}\n"}`
	require.Equal(t, "08:00-21:00", dig(t, ok("POST", "rules:check", "", source), "rules", "hours"))
	require.NotEmpty(t, dig(t, ok("POST", "rules:check", "", `{"source":"ruls: []"}`), "problems",
		0, "message"))
	got = ok("POST", "rules:test", "",
		`{"startTime":"2026-03-01T00:00:00Z","endTime":"2026-03-03T00:00:00Z"}`)
	require.Equal(t, "2", dig(t, got, "effects", 0, "numbers"))
	code, _ = rest(t, "POST", base+"rules:activate", "", source)
	require.Equal(t, http.StatusUnauthorized, code)
	require.Equal(t, "li", dig(t, ok("POST", "rules:activate", "li", source), "rules", "actor"))

	name := dig(t, ok("POST", "freezes", "ops",
		`{"number":"13800138003","reason":"x","period":"3600s"}`), "freeze", "name").(string)
	require.Equal(t, "2026-03-02T04:00:00Z",
		dig(t, ok("POST", name+":extend", "ops", `{"period":"7200s","reason":"x"}`), "freeze",
			"endTime"))
	require.EqualValues(t, 1, dig(t, ok("POST", "freezes:import", "ops",
		`{"freezes":[{"number":"13800138004"}]}`), "opened"))
	require.EqualValues(t, 1, dig(t, ok("POST", "complaints:import", "ops",
		`{"complaints":[{"number":"13800138005","time":"2026-03-02T01:00:00Z","source":"12321"}]}`),
		"frozen"))
	entry := dig(t, ok("POST", "allowances", "ops",
		`{"number":"13800138003","reason":"x","endTime":"2026-03-03T00:00:00Z"}`), "allowance",
		"name").(string)
	require.Len(t, dig(t, ok("GET", "allowances", "", ""), "allowances"), 1)
	ok("POST", entry+":end", "ops", `{"reason":"x"}`)
	require.Len(t, dig(t, ok("POST", "freezes:release", "ops",
		`{"number":"13800138004","reason":"x"}`), "freezes"), 1)
	verified := ok("POST", "ledger:verify", "", "{}")
	require.Empty(t, verified["problems"])
	require.Len(t, verified["head"], 64)
	report := ok("GET", "report?startTime=2026-03-02T00:00:00Z&endTime=2026-03-03T00:00:00Z", "",
		"")
	require.Equal(t, "10", dig(t, report, "figures", "outcomes", "rejected"))
}

// An export comes line by line.
func TestRESTExport(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	base := "http://" + s.app.HTTPAddr() + "/v1/"
	code, _ := rest(t, "POST", base+"freezes", "ops", `{"number":"13800138003","reason":"x"}`)
	require.Equal(t, http.StatusOK, code)
	code, text := fetch(t, "GET", base+"freezes:export", nil,
		func(r *http.Request) { r.Header.Set("Refrain-Actor", "ops") })
	require.Equal(t, http.StatusOK, code)
	lines := bufio.NewScanner(strings.NewReader(text))
	require.True(t, lines.Scan())
	var got map[string]any
	require.NoError(t, json.Unmarshal(lines.Bytes(), &got))
	require.Equal(t, "138****8003", dig(t, got, "result", "freezes", 0, "maskedNumber"))
	require.False(t, lines.Scan())
	code, text = fetch(t, "GET", base+"freezes:export?fullNumbers=true", nil,
		func(r *http.Request) { r.Header.Set("Refrain-Actor", "ops") })
	require.Equal(t, http.StatusForbidden, code, text)
}
