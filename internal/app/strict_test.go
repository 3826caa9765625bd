package app_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const formType = "application/x-www-form-urlencoded"

func ofType(kind string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Content-Type", kind) }
}

// What REST doesn't know it refuses: a misspelt field would be passed over.
func TestRESTRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	base := "http://" + s.app.HTTPAddr()
	for _, tt := range []struct {
		method, path, body string
		code               int
		says               string
	}{
		{"POST", "/v1/freezes", `{"number":"13922220001","reason":"x","utnil":"2026-12-01T00:00:00Z"}`, 400, "utnil"},
		{"POST", "/v1/freezes", `{"number":"13922220001","reason":"x"} {}`, 400, "JSON"},
		{"POST", "/v1/freezes", `{"number":"13922220001","number":"13922220002","reason":"x"}`, 400, "number"},
		{"POST", "/v1/freezes?period=60s", `{"number":"13922220001","reason":"x"}`, 400, "period stands in the address"},
		{"POST", "/v1/calls", `{"callId":"a","numbr":"13922220001"}`, 400, "numbr"},
		{"POST", "/v1/calls:batchReport", `{"calls":[{"callId":"a","line":"l","lien":"l"}]}`, 400, "lien"},
		{"POST", "/v1/suspects/x:decide", `{"verdict":"VERDICT_CONFIRMED","classs":"no_need"}`, 400, "classs"},
		{"POST", "/v1/ledger:verify", `{"haed":"00"}`, 400, "haed"},
		{"GET", "/v1/suspects?stat=STATE_OPEN", "", 400, "stat is no parameter"},
		{"GET", "/v1/suspects?state=STATE_OPENED", "", 400, "STATE_OPENED"},
		{"GET", "/v1/suspects?state=STATE_OPEN&state=STATE_DECIDED", "", 400, "state"},
		{"GET", "/v1/freezes?numbr=13922220001", "", 400, "numbr"},
		{"GET", "/v1/freezes:export?fullNumber=true", "", 400, "fullNumber"},
		{"GET", "/v1/recordings/X:watch?withTranscript=true", "", 400, "withTranscript"},
		{"GET", "/v1/recordings/X?name=recordings/Y", "", 400, "name"},
		{"GET", "/v1/status?verbose=1", "", 400, "verbose"},
		{"GET", "/v1/lexicon?versio=1", "", 400, "versio"},
		{"GET", "/v1/numbers/13922220001:check?lin=a", "", 400, "lin is"},
		{"GET", "/v1/calls/a/vcon?full_number=true", "", 400, ""},
		{"GET", "/check?number=13922220001&lin=a", "", 400, ""},
		{"GET", "/check?number=13922220001&number=13922220002", "", 400, ""},
		{"GET", "/v1/recordings?page_size=1&pageToken=", "", 200, ""},
		{"GET", "/v1/suspects?state=STATE_OPEN&page_size=5", "", 200, ""},
		{"GET", "/", "", 200, ""},
		// a POST is a POST, whatever it carries
		{"POST", "/v1/suspects", "", 405, "does not take POST"},
		{"POST", "/v1/lexicons", "", 405, "does not take POST"},
		{"PUT", "/v1/recordings", "x", 405, "does not take PUT"},
		{"GET", "/v1/nowhere", "", 404, "there is no such address; GET / lists"},
	} {
		code, got := rest(t, tt.method, base+tt.path, "ops", tt.body, ofType(formType))
		require.Equal(t, tt.code, code, "%s %s %s: %v", tt.method, tt.path, tt.body, got)
		if tt.says != "" {
			require.Contains(t, got["message"], tt.says, "%s %s", tt.method, tt.path)
		}
	}
	for path, form := range map[string]string{
		"/reserve": "call_id=a&number=13922220001&lien=x", "/report": "call_id=a&number=13922220001&outcom=rejected",
		"/reserve?number=13922220002": "call_id=a&number=13922220001",
	} {
		values, err := url.ParseQuery(form)
		require.NoError(t, err)
		code, text := fetch(t, "POST", base+path, values)
		require.Equal(t, http.StatusBadRequest, code, "%s %s: %s", path, form, text)
		require.Regexp(t, `^error: "(lien|outcom|number)" is (not known; there are|given twice)`, text)
	}
	require.Empty(t, s.FreezesOf(t, "13922220001"))
}

// curl is all that a recorder needs.
func TestRESTUpload(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	at, wav := "http://"+s.app.HTTPAddr()+"/v1/recordings", sample(t, refusalSample)
	post := func(query, kind string, body []byte) (int, map[string]any) {
		return rest(t, "POST", at+"?"+query, "", string(body), ofType(kind))
	}
	facts := "call_id=c-1&number=%2B8613800138001&agent=a17&customer_channel=right&line=trunk&answerOffset=0.5&sha256=" + apitest.Sum(wav) +
		"&start_time=2026-03-02T09:15:00%2B08:00&source=pbx&priority=PRIORITY_BACKLOG"
	code, got := post(facts, formType, wav) // what curl --data-binary says, though it is none
	require.Equal(t, http.StatusOK, code, "%v", got)
	require.Equal(t, false, got["duplicate"])
	name := dig(t, got, "recording", "name").(string)
	rec := s.final(t.Context(), t, name)
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState())
	require.NotEmpty(t, rec.GetJudgement().GetSuspectName())
	require.Equal(t, "a17 trunk pbx PRIORITY_BACKLOG CHANNEL_RIGHT", strings.Join([]string{rec.GetAgent(), rec.GetLine(),
		rec.GetSource(), rec.GetPriority().String(), rec.GetCustomerChannel().String()}, " "))
	require.Equal(t, "500ms", rec.GetAnswerOffset().AsDuration().String())
	code, got = post(facts, "audio/wav", wav)
	require.Equal(t, http.StatusOK, code, "%v", got)
	require.Equal(t, true, got["duplicate"])
	require.Equal(t, name, dig(t, got, "recording", "name"))

	form, kind := formOf(t, wav, "call_id=c-2", "number=13800138002", "customer_channel=right", "file")
	code, got = post("agent=a18", kind, form)
	require.Equal(t, http.StatusOK, code, "%v", got)
	require.Equal(t, "a18", dig(t, got, "recording", "agent"))

	for _, tt := range []struct {
		query string
		body  []byte
		parts []string
		code  int
		says  string
	}{
		{"", wav, nil, 400, "call_id"},
		{"call_id=c-1&number=13800138009", wav, nil, 409, ""},
		{"call_id=x&number=13800138001&agnet=a", wav, nil, 400, "agnet"},
		{"call_id=x&callId=x&number=13800138001", wav, nil, 400, "call_id is given twice"},
		{"call_id=x&number=13800138001&customer_channel=middle", wav, nil, 400, "customer_channel"},
		{"call_id=x&number=13800138001&start_time=noon", wav, nil, 400, "start_time"},
		{"call_id=x&number=13800138001&sha256=" + strings.Repeat("0", 64), wav, nil, 400, "SHA-256"},
		{"call_id=x&number=13800138001", nil, nil, 400, ""},
		{"call_id=x&number=13800138001", []byte(`{"number":"1"}`), nil, 400, ""},
		{"", nil, []string{"call_id=x", "number=13800138001"}, 400, "file is missing"},
		{"", nil, []string{"call_id=x", "file", "number=13800138001"}, 400, "number"},
		{"number=13800138001", nil, []string{"call_id=x", "file", "agent=a"}, 400, "stands behind the file"},
		{"number=13800138001&call_id=x", nil, []string{"agent=\xc0\xee", "file"}, 400, "not UTF-8"},
		{"number=13800138001&call_id=x", nil, []string{"call_id=y", "file"}, 400, "given twice"},
		{"number=13800138001&call_id=x", nil, []string{"agent=" + strings.Repeat("a", 5000), "file"}, 400, "more than"},
	} {
		body, kind := tt.body, "audio/wav"
		if tt.parts != nil {
			body, kind = formOf(t, wav, tt.parts...)
		}
		code, got := post(tt.query, kind, body)
		require.Equal(t, tt.code, code, "%s %q: %v", tt.query, tt.parts, got)
		require.Contains(t, got["message"], tt.says, "%s %q", tt.query, tt.parts)
	}
	code, got = rest(t, "POST", at+"?call_id=x&number=13800138001", "", string(wav),
		func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") })
	require.Equal(t, http.StatusBadRequest, code, "%v", got)
	code, got = rest(t, "GET", at+"?call_id=x", "", "")
	require.Equal(t, http.StatusOK, code)
	require.Empty(t, got["recordings"], "what was refused left nothing behind")
}

// A file that breaks off on its way is no shorter file.
func TestRESTUploadBreaksOff(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	wav := sample(t, refusalSample)
	form, kind := formOf(t, wav, "file")
	for name, head := range map[string]string{
		"length":  fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(wav), wav[:len(wav)/2]),
		"chunked": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(wav)/2, wav[:len(wav)/2]),
		"form": fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s", kind, len(form)/2,
			form[:len(form)/2]),
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.app.HTTPAddr())
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "POST /v1/recordings?call_id=%s&number=13800138001 HTTP/1.1\r\nHost: localhost\r\n%s", name, head)
		require.NoError(t, err)
		require.NoError(t, conn.(*net.TCPConn).CloseWrite())
		answer := new(bytes.Buffer)
		_, _ = answer.ReadFrom(conn) // a server may answer whoever has gone, or not
		require.NotContains(t, answer.String(), " 200 ", name)
		require.NoError(t, conn.Close())
	}
	resp, err := s.Recordings.ListRecordings(t.Context(), &pb.ListRecordingsRequest{})
	require.NoError(t, err)
	require.Empty(t, resp.GetRecordings())
}

// formOf is a form with fields, and the audio where a part is called file.
func formOf(t *testing.T, audio []byte, parts ...string) (form []byte, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, part := range parts {
		if part == "file" {
			f, err := w.CreateFormFile("file", "call.wav")
			require.NoError(t, err)
			_, err = f.Write(audio)
			require.NoError(t, err)
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		require.NoError(t, w.WriteField(name, value))
	}
	require.NoError(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

// Whatever the parameters of an upload are, the server stands, and takes nothing that it was not told.
func FuzzUploadParameters(f *testing.F) {
	f.Add("call_id=a&number=13800138001", "audio/wav", []byte("RIFF"))
	f.Add("call_id=a&call_id=b", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--x--"))
	f.Add("answer_offset=1e999&start_time=9999-99-99T", "multipart/form-data", []byte("--x"))
	f.Add("customer_channel=&priority=9", "multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=agent\r\n\r\n\xff\r\n--x\r\n"))
	s := start(f, testConfig(f.TempDir()))
	at := "http://" + s.app.HTTPAddr() + "/v1/recordings?"
	f.Fuzz(func(t *testing.T, query, kind string, body []byte) {
		if _, err := url.Parse(at + query); err != nil || strings.ContainsAny(kind, "\r\n\x00") {
			return
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+query, bytes.NewReader(body))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", kind)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return // the client refuses to send it
		}
		require.NoError(t, resp.Body.Close())
		require.Less(t, resp.StatusCode, 500)
	})
}
