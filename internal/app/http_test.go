package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// rest makes one REST call and reads the answer as JSON.
func rest(t *testing.T, method, url, actor, body string, edit ...func(*http.Request)) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if actor != "" {
		req.Header.Set("Refrain-Actor", actor)
	}
	for _, f := range edit {
		f(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	asDescribed(t, req, resp, b)
	if strings.HasPrefix(req.URL.Path, "/v1/") && !strings.HasSuffix(req.URL.Path, "/openapi.json") && resp.StatusCode == http.StatusOK {
		require.NotEmpty(t, resp.Header.Get("Cache-Control"), "%s may be kept by whoever passes it on", req.URL)
	}
	var out map[string]any
	_ = json.Unmarshal(b, &out) // plain text answers stay nil
	return resp.StatusCode, out
}

// REST takes the same path as gRPC: same checks, same errors, same effects.
func TestREST(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	base := "http://" + s.app.HTTPAddr()
	rec := s.send(t.Context(), t, &pb.RecordingMetadata{CallId: "call-1", Number: "13800138001", CustomerChannel: pb.Channel_CHANNEL_RIGHT},
		sample(t, refusalSample))
	suspect := base + "/v1/" + rec.GetJudgement().GetSuspectName()

	code, _ := rest(t, "GET", base+"/readyz", "", "")
	require.Equal(t, http.StatusOK, code)
	code, got := rest(t, "GET", suspect, "", "")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "138****8001", got["suspect"].(map[string]any)["maskedNumber"])

	code, got = rest(t, "POST", suspect+":decide", "", `{"verdict":"VERDICT_CONFIRMED"}`)
	require.Equal(t, http.StatusUnauthorized, code)
	require.Contains(t, got["message"], "who acts")
	code, _ = rest(t, "POST", suspect+":claim", "local", `{"lease":"60s"}`)
	require.Equal(t, http.StatusOK, code, "so the page calls who asks from this machine")
	code, _ = rest(t, "POST", suspect+":release", "local", "{}")
	require.Equal(t, http.StatusOK, code)
	code, _ = rest(t, "POST", suspect+":decide", "li", `{"verdict":"VERDICT_CONFIRMED"}`)
	require.Equal(t, http.StatusOK, code)
	_, got = rest(t, "GET", base+"/v1/numbers/13800138001:check", "", "")
	require.NotEqual(t, true, got["answer"].(map[string]any)["allowed"])
	code, got = rest(t, "GET", base+"/v1/status", "", "")
	require.Equal(t, http.StatusOK, code)
	require.NotEqual(t, "0", got["disk"].(map[string]any)["databaseBytes"])
	require.NotEqual(t, "0", got["disk"].(map[string]any)["audioBytes"])
	require.NotNil(t, got["speech"].(map[string]any)["realTimeFactor"])
	day := time.Now().Add(-time.Hour).UTC()
	code, got = rest(t, "GET", base+"/v1/report?start_time="+day.Format(time.RFC3339)+"&end_time="+
		day.Add(24*time.Hour).Format(time.RFC3339)+"&with=REPORT_PART_DAYS&with=REPORT_PART_REVIEWERS", "", "")
	require.Equal(t, http.StatusOK, code)
	require.NotEmpty(t, got["days"])
	require.Equal(t, "li", got["reviewers"].([]any)[0].(map[string]any)["reviewer"])
	require.Empty(t, got["agents"])
	code, got = rest(t, "GET", base+"/v1/numbers/12:check", "", "")
	require.Equal(t, http.StatusBadRequest, code)
	require.Contains(t, got["message"], "not a telephone number")

	code, got = rest(t, "POST", base+"/v1/lexicon:check", "", `{"source":"`+strings.Repeat("#", 9<<20)+`"}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, code, "a request without end would fill the memory")
	require.Contains(t, got["message"], "too large")

	code, _ = rest(t, "GET", base+"/v1/freezes", "", "", func(r *http.Request) { r.Host = "evil.example" })
	require.Equal(t, http.StatusMisdirectedRequest, code, "a name that only points here")
}
