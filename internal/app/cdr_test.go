package app_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// FreeSWITCH's own modules report calls: the customer's legs count, the others are answered
// so that they are not posted again.
func TestCDRs(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), goBy(clock))
	text, err := os.ReadFile("../httpapi/cdr/testdata/customer.json")
	require.NoError(t, err)
	customer := strings.TrimSpace(string(text))
	other := func(changes ...string) string { return strings.NewReplacer(changes...).Replace(customer) }
	post := func(contentType, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
			"http://"+s.app.HTTPAddr()+"/cdr/freeswitch?uuid=a_1", strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", contentType)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { require.NoError(t, resp.Body.Close()) }()
		answer, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, string(answer)
	}
	const leg, a = "6f1d3a44-8b7c-4b5a-9c55-2f3f0f6c1b02", "aa51c1b2-0d6e-4b0b-8a0e-51d6a0f0a101"
	for _, tt := range []struct {
		contentType, body string
		code              int
		want              string
	}{
		{"application/json", customer, 200, `^reported created -\n$`},
		{"application/x-www-form-urlencoded", customer, 200, `^reported unchanged -\n$`}, // as without 100-continue
		{"application/x-www-form-urlencoded", "cdr=" + customer, 200, `^reported unchanged -\n$`},
		// the first gateway failed, before
		{"application/json", other(leg, "u0", `"603"`, `"503"`, "CALL_REJECTED", "NORMAL_TEMPORARY_FAILURE",
			"1772414100124059", "1772414096000000", "trunk-a", "trunk-z"), 200, `^reported unchanged -\n$`},
		// the same agent's leg called another number
		{"application/json", other(leg, "u1", "13800138000", "13800138009"), 200, `^reported created -\n$`},
		{"application/json", other(leg, "u1", "13800138000", "13800138009"), 200, `^reported unchanged -\n$`},
		{"application/json", other(`"outbound"`, `"inbound"`), 200, `^ignored inbound\n$`},
		{"application/json", other(`"sip_gateway_name":"trunk-a",`, "", `"13800138000"`, `"1001"`), 200, `^ignored extension\n$`},
		{"application/json", other(`"sip_gateway_name":"trunk-a",`, "", `"13800138000"`, `"conference"`), 200, `^ignored extension\n$`},
		{"application/json", other(`"sip_gateway_name":"trunk-a",`, "", `"13800138000"`, `"8813800138077"`), 400,
			`^error: "8813800138077" is not a telephone number; .*numbers.prefixes`},
		{"application/json", other(`"13800138000"`, `"8813800138077"`), 400, `"8813800138077" .*numbers.prefixes`},
		{"application/json", other(`"13800138000"`, `"1001"`), 400, `^error: .*number is not a telephone number`},
		{"application/json", other("CALL_REJECTED", "NO_SUCH_CAUSE"), 400, `^error: .*is not known`},
		{"application/json", other("start_uepoch", "x", "start_epoch", "y"), 400, `^error: .*start_uepoch`},
		{"application/json", `{"variables":{}}`, 400, `^error: the call record has no variables`},
		{"application/json", "{", 400, `^error: .*not readable as JSON`},
		{"application/json", strings.Repeat(" ", 4<<20) + customer, 413, `^error: the body is too large`},
	} {
		code, answer := post(tt.contentType, tt.body)
		require.Equal(t, tt.code, code, answer)
		require.Regexp(t, tt.want, answer)
	}
	for id, number := range map[string]string{a: "138****8000", "u1": "138****8009"} {
		got, err := s.Calls.GetCall(t.Context(), &pb.GetCallRequest{Name: "calls/" + id})
		require.NoError(t, err)
		require.Equal(t, pb.Outcome_OUTCOME_REJECTED, got.GetCall().GetOutcome())
		require.Equal(t, number, got.GetCall().GetMaskedNumber())
		require.Equal(t, "trunk-a", got.GetCall().GetLine())
	}
	for i, at := range []string{"1772413100", "1772412100"} { // the second and the third time
		_, answer := post("application/json", other(leg, "v"+at, a, "w"+at, "1772414100", at))
		require.Equal(t, i == 1, strings.Contains(answer, "freezes/"), answer)
	}
	require.False(t, s.Ask(t, "13800138000").GetAllowed())
}

// An agent's standing session calls one customer again and again: each time is a call, in
// whatever order the records come.
func TestCDRsOfOneSession(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), goBy(clock))
	text, err := os.ReadFile("../httpapi/cdr/testdata/customer.json")
	require.NoError(t, err)
	const leg, number, begin = "6f1d3a44-8b7c-4b5a-9c55-2f3f0f6c1b02", "13800138000", 1772410000
	for i, minutes := range [][]int{{0, 18, 9}, {18, 0, 9}, {0, 9, 18}, {9, 18, 0}, {0, 1, 2}, {2, 0, 1}} {
		customer := fmt.Sprintf("1380013810%d", i)
		for n, minute := range append(minutes, minutes...) { // each comes twice
			id := fmt.Sprintf("leg-%d-%d", i, minute)
			body := strings.NewReplacer(leg, id, number, customer, "aa51c1b2", fmt.Sprint("session", i),
				"1772414100", fmt.Sprint(begin+60*minute)).Replace(string(text))
			resp, err := http.Post("http://"+s.app.HTTPAddr()+"/cdr/freeswitch",
				"application/json", strings.NewReader(body))
			require.NoError(t, err)
			answer, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			want := "reported created"
			if n >= len(minutes) {
				want = "reported unchanged"
			}
			require.True(t, strings.HasPrefix(string(answer), want), "%v %d: %s", minutes, n, answer)
			require.Equal(t, n == len(minutes)-1, strings.Contains(string(answer), "freezes/"), "%v %d: %s",
				minutes, n, answer)
		}
		require.False(t, s.Ask(t, customer).GetAllowed())
	}
}
