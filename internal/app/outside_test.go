package app_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// fetch makes one request, and gives the status and the text of the answer.
func fetch(
	t *testing.T, method, address string, form url.Values, edit ...func(*http.Request),
) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address,
		strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, f := range edit {
		f(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(b)
}

// Diallers that can only fetch a page get one line.
func TestCheckInPlainText(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), goBy(clock))
	s.Report(t, threeRejections(phone(1))...)
	_, err := s.Freezes.CreateFreeze(as(t.Context(), "ops"),
		&pb.CreateFreezeRequest{Number: phone(2), Reason: "x", Line: "loans"})
	require.NoError(t, err)
	for i := range 6 {
		at := tenOClock.Add(-time.Duration(i) * time.Minute)
		s.Report(t, unanswered(fmt.Sprint("p", i), phone(3), at))
	}
	_, err = s.Freezes.AllowNumber(as(t.Context(), "ops"),
		&pb.AllowNumberRequest{Number: phone(1), Reason: "x",
			End: &pb.AllowNumberRequest_Period{Period: durationpb.New(time.Hour)}})
	require.NoError(t, err)
	base := "http://" + s.app.HTTPAddr() + "/check?"
	for query, want := range map[string]string{
		"number=" + phone(4): "allowed none -\n",
		"number=%2B86" +
			phone(1): "allowed allow_listed 2026-03-02T03:00:00Z\n",
		"number=+86" +
			phone(1): "allowed allow_listed 2026-03-02T03:00:00Z\n",
		"number=" + phone(1) +
			"&at=2026-03-03T02:00:00Z": "refused frozen 2026-04-01T01:20:00Z\n",
		"number=" + phone(1) +
			"&at=2026-03-03T10:00:00+08:00": "refused frozen 2026-04-01T01:20:00Z\n",
		"number=" + phone(2):                            "refused frozen -\n",
		"number=" + phone(2) + "&line=loans":            "refused frozen -\n",
		"number=" + phone(2) + "&line=cards&agent=a-17": "allowed none -\n",
		"number=" +
			phone(3): "refused rule_limit 2026-03-02T16:00:00Z\n",
	} {
		code, text := fetch(t, "GET", base+query, nil)
		require.Equal(t, http.StatusOK, code, query)
		require.Equal(t, want, text, query)
	}
	for query, want := range map[string]string{
		"number=12":                        "error: the request is not valid; number is",
		"":                                 "error: the request is not valid; number is",
		"number=" + phone(1) + "&at=today": "error: at is no time in RFC 3339",
	} {
		code, text := fetch(t, "GET", base+query, nil)
		require.Equal(t, http.StatusBadRequest, code, query)
		require.True(t, strings.HasPrefix(text, want), text)
		require.Equal(t, 1, strings.Count(text, "\n"), "one line")
	}
}

func TestReserveInPlainText(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), goBy(clock))
	n := phone(1)
	s.AlmostUp(t, clock, n)
	address := "http://" + s.app.HTTPAddr() + "/reserve"
	reserve := func(form url.Values) (int, string) { return fetch(t, "POST", address, form) }
	first := url.Values{"call_id": {"r1"}, "number": {"+86" + n}, "line": {"trunk"},
		"agent": {"a-17"}, "caller_id": {"+862110086"}, "hold": {"2m"}}
	for range 2 {
		code, text := reserve(first)
		require.Equal(t, http.StatusOK, code)
		require.Equal(t, "allowed none -\n", text)
	}
	code, text := reserve(url.Values{"call_id": {"r2"}, "number": {n}})
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "refused rule_limit 2026-03-02T16:00:00Z\n", text)
	call, err := s.Calls.GetCall(t.Context(), &pb.GetCallRequest{Name: "calls/r1"})
	require.NoError(t, err)
	require.Equal(t, []string{"trunk", "a-17", "+862110086"},
		[]string{call.GetCall().GetLine(), call.GetCall().GetAgent(), call.GetCall().GetCallerId()})
	require.Equal(t, tenOClock.Add(2*time.Minute), call.GetCall().GetReserveExpireTime().AsTime())

	for want, form := range map[string]url.Values{
		"error: hold is no duration": {"call_id": {"r3"}, "number": {n}, "hold": {"soon"}},
		"call_id is empty":           {"number": {n}},
		"number is":                  {"call_id": {"r3"}},
		"must be above 0":            {"call_id": {"r3"}, "number": {n}, "hold": {"3h"}},
	} {
		code, text = reserve(form)
		require.Equal(t, http.StatusBadRequest, code, want)
		require.Contains(t, text, want)
	}
	clock.Later(3 * time.Minute)
	code, text = reserve(first)
	require.Equal(t, http.StatusConflict, code)
	require.Contains(t, text, "error: calls/r1: its reservation ended")
	code, text = reserve(url.Values{"call_id": {"r1"}, "number": {phone(2)}})
	require.Equal(t, http.StatusConflict, code, text)
	code, _ = fetch(t, "GET", address+"?call_id=r4&number="+n, nil)
	require.Equal(t, http.StatusMethodNotAllowed, code, "a page that is fetched changes nothing")
	code, _ = reserve(url.Values{"call_id": {"r5"}, "number": {phone(2)},
		"agent": {strings.Repeat("a", 1<<20)}})
	require.Equal(t, http.StatusBadRequest, code)
}

// What a page from elsewhere has a visitor's browser send is refused; what comes from
// programs and from own pages is not.
func TestCrossOriginRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	base := "http://" + s.app.HTTPAddr()
	from := func(header, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(header, value) }
	}
	form := url.Values{"call_id": {"r1"}, "number": {phone(1)}}
	for _, path := range []string{"/reserve", "/v1/freezes:release", "/v1/calls",
		"/v1/rules:activate"} {
		for _, edit := range []func(*http.Request){from("Sec-Fetch-Site", "cross-site"),
			from("Sec-Fetch-Site", "same-site"), from("Origin", "https://evil.example"),
			from("Origin", "null")} {
			code, _ := fetch(t, "POST", base+path, form, edit)
			require.Equal(t, http.StatusForbidden, code, path)
		}
	}
	for _, edit := range []func(*http.Request){from("Sec-Fetch-Site", "same-origin"),
		from("Origin", base), func(*http.Request) {}} {
		code, _ := fetch(t, "POST", base+"/reserve", form, edit)
		require.Equal(t, http.StatusOK, code)
	}
	code, _ := fetch(t, "GET", base+"/check?number="+phone(1), nil,
		func(r *http.Request) { r.Host = "evil.example" })
	require.Equal(t, http.StatusMisdirectedRequest, code)
}

// What people watch from outside.
func TestMetrics(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), goBy(clock))
	s.Report(t, threeRejections(phone(1))...)
	s.Report(t, threeRejections(phone(2))...)
	s.Report(t, threeRejections(phone(2))[0])
	fixed := talked("c0-0002", phone(2), tenOClock.Add(-time.Hour), time.Minute)
	fixed.Revision = 2
	s.Report(t, fixed)
	s.Report(t, threeRejections(phone(2))[0])
	_, err := s.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: &pb.Call{CallId: "x"}})
	require.Error(t, err)
	req := &pb.CreateFreezeRequest{Number: phone(3), Reason: "x", RequestId: "q"}
	for range 2 {
		resp, err := s.Freezes.CreateFreeze(as(ctx, "ops"), req)
		require.NoError(t, err)
		req.RequestId = "q" // the same request again is no freeze
		_, err = s.Freezes.ExtendFreeze(as(ctx, "ops"),
			&pb.ExtendFreezeRequest{Name: resp.GetFreeze().GetName(), Reason: "x"})
		require.Error(t, err, "it stands until released")
	}
	name := s.FreezesOf(t, phone(1))[0].GetName()
	_, err = s.Freezes.ExtendFreeze(as(ctx, "ops"),
		&pb.ExtendFreezeRequest{Name: name, Reason: "x"})
	require.NoError(t, err)
	release := &pb.ReleaseFreezeRequest{
		Target: &pb.ReleaseFreezeRequest_Number{Number: phone(3)}, Reason: "x", RequestId: "r"}
	for range 2 {
		_, err = s.Freezes.ReleaseFreeze(as(ctx, "ops"), release)
		require.NoError(t, err)
	}
	s.Ask(t, phone(1))
	s.Ask(t, phone(4))
	require.Equal(t, []bool{false, true, true}, s.AskAll(t, phone(1), phone(4), phone(5)))
	_, err = s.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: "12"})
	require.Error(t, err)
	_, err = s.Reserve(ctx, "r", phone(1))
	require.NoError(t, err)

	code, text := fetch(t, "GET", "http://"+s.app.HTTPAddr()+"/metrics", nil)
	require.Equal(t, http.StatusOK, code)
	for _, line := range []string{
		`refrain_checks_total{reason="none"} 3`,
		`refrain_checks_total{reason="frozen"} 3`,
		`refrain_checks_total{reason="invalid_number"} 1`,
		`refrain_checks_total{reason="hours"} 0`,
		`refrain_call_reports_total{status="created"} 6`,
		`refrain_call_reports_total{status="updated"} 1`,
		`refrain_call_reports_total{status="unchanged"} 1`,
		`refrain_call_reports_total{status="stale"} 1`,
		`refrain_call_reports_total{status="refused"} 1`,
		`refrain_rules_fired_total{rule="rejected-or-short"} 2`,
		`refrain_freezes_opened_total{reason="rule"} 2`,
		`refrain_freezes_opened_total{reason="manual"} 1`,
		`refrain_freezes_released_total{cause="corrected"} 1`,
		`refrain_freezes_released_total{cause="released"} 1`,
		`refrain_freezes_active{reason="rule"} 1`,
	} {
		require.Contains(t, text, line+"\n")
	}
	require.NotContains(t, text, `refrain_freezes_active{reason="manual"} 1`)
	require.Contains(t, text, "go_goroutines")
}

// Text in another encoding is the sender's mistake, and said to be.
func TestTextThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	base := "http://" + s.app.HTTPAddr()
	const gbk = "\xbc\xd3" // 加 in GBK
	for _, path := range []string{"/check?number=" + phone(1) + "&line=%BC%D3",
		"/check?number=%BC%D3", "/v1/calls/%BC%D3", "/v1/freezes?line=%BC%D3"} {
		code, text := fetch(t, "GET", base+path, nil)
		require.Equal(t, http.StatusBadRequest, code, path)
		require.Contains(t, text, "UTF-8", path)
	}
	code, text := fetch(t, "GET", base+"/check?number="+phone(1)+"&at=%zz", nil)
	require.Equal(t, http.StatusBadRequest, code, "it would be answered for now")
	require.Contains(t, text, "escape")
	for _, path := range []string{"/reserve", "/report"} {
		code, text := fetch(t, "POST", base+path, url.Values{"call_id": {"a"}, "number": {phone(1)},
			"start": {"2026-03-02T01:00:00Z"}, "outcome": {"busy"}, "line": {gbk}})
		require.Equal(t, http.StatusBadRequest, code, path)
		require.Equal(t, "error: \"line\" is not UTF-8\n", text, path)
		code, text = fetch(t, "POST", base+path,
			url.Values{"call_id": {strings.Repeat("a", 1<<20)}})
		require.Equal(t, http.StatusBadRequest, code, path)
		require.Equal(t, "error: the form can't be read; it may have 65536 bytes\n", text)
	}
	code, got := rest(t, "POST", base+"/v1/calls", "", `{"callId":"`+gbk+`"}`)
	require.Equal(t, http.StatusBadRequest, code, got)
}
