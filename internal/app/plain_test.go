package app_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Diallers that see no more than a page's text can tell from its first word what to do.
func TestPlainText(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	base := "http://" + s.app.HTTPAddr()
	post := func(path, form string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(form))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return http.DefaultClient.Do(req)
	}
	get := func(path, query string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path+"?"+query, http.NoBody)
		require.NoError(t, err)
		return http.DefaultClient.Do(req)
	}
	began := time.Now().In(time.FixedZone("", 8*60*60)).Truncate(time.Second)
	rejectedAt := func(at time.Time) string {
		return "&number=13800138002&start=" + url.QueryEscape(at.Format(time.RFC3339)) + "&code=603&system=sip"
	}
	first, rejected := rejectedAt(began.Add(-3*time.Minute)), rejectedAt(began)
	for _, tt := range []struct {
		do         func(path, form string) (*http.Response, error)
		path, form string
		code       int
		want       string
	}{
		{get, "/check", "number=13800138001", 200, `^allowed none -$`},
		{get, "/check", "number=+8613800138001", 200, `^allowed none -$`}, // whose + was not escaped
		{get, "/check", "number=12", 400, `^error: .*not a telephone number`},
		{get, "/check", "number=13800138001&at=noon", 400, `^error: at is no time`},
		{post, "/reserve", "call_id=a&number=13800138001&hold=2m", 200, `^allowed none -$`},
		{post, "/reserve", "call_id=a&number=13800138003", 409, `^error: .*another number`},
		{post, "/reserve", "number=13800138003", 400, `^error: .*call_id`},
		{post, "/reserve", "call_id=b&number=13800138001&hold=long", 400, `^error: hold is no duration`},
		{post, "/report", "call_id=1" + first, 200, `^reported created -$`},
		{post, "/report", "call_id=1" + first, 200, `^reported unchanged -$`},
		{post, "/report", "call_id=1&revision=3&outcome=answered&talk=15.9s&ended_by=agent" + first, 200, `^reported updated -$`},
		{post, "/report", "call_id=1&revision=2" + first, 200, `^reported stale -$`},
		{post, "/report", "call_id=1&revision=3" + first, 409, `^error: .*revision 3 is known`},
		{post, "/report", "call_id=2" + rejectedAt(began.Add(-2*time.Minute)), 200, `^reported created -$`},
		{post, "/report", "call_id=3" + rejectedAt(began.Add(-time.Minute)), 200, `^reported created -$`},
		{post, "/report", "call_id=4" + rejected, 200, `^reported created freezes/\w+$`},
		{get, "/check", "number=13800138002", 200, "^refused frozen " + began.Add(30*24*time.Hour).UTC().Format(time.RFC3339) + "$"},
		{post, "/report", "call_id=5&number=13800138002&code=603&system=sip", 400, `^error: .*start_time`},
		{post, "/report", "call_id=5&number=13800138002&start=noon", 400, `^error: start is "noon"`},
		{post, "/report", "call_id=5&outcome=hung_up" + rejected, 400, `^error: outcome is "hung_up"`},
		{post, "/report", "call_id=5&talk=5" + rejected, 400, `^error: talk is "5", which is no duration`},
		{post, "/report", "call_id=5&revision=x" + rejected, 400, `^error: revision is "x"`},
		{post, "/report", "call_id=5&code=" + url.QueryEscape(strings.Repeat("x", 65<<10)), 400, `^error: `},
	} {
		resp, err := tt.do(tt.path, tt.form)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, tt.code, resp.StatusCode, "%s %s: %s", tt.path, tt.form, body)
		require.Regexp(t, tt.want, strings.TrimSuffix(string(body), "\n"), "%s %s", tt.path, tt.form)
	}
}
