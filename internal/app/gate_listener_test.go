package app_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// At its own addresses the gate answers over both protocols, and nothing else does.
func TestGateAtItsOwnAddresses(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	cfg.Gate.GRPC, cfg.Gate.HTTP = "127.0.0.1:0", "127.0.0.1:0"
	s := start(t, cfg)
	overGRPC, overHTTP := s.app.GateAddrs()
	c := dial(t, overGRPC)
	answer, err := c.Gate.CheckNumber(t.Context(), &pb.CheckNumberRequest{Number: "13800138001"})
	require.NoError(t, err)
	require.True(t, answer.GetAnswer().GetAllowed())
	health, err := healthpb.NewHealthClient(c.Conn).Check(t.Context(), &healthpb.HealthCheckRequest{})
	require.NoError(t, err)
	require.Equal(t, healthpb.HealthCheckResponse_SERVING, health.GetStatus())
	_, err = c.Freezes.ListFreezes(t.Context(), &pb.ListFreezesRequest{})
	require.Equal(t, codes.Unimplemented, status.Code(err))

	base := "http://" + overHTTP
	for _, tt := range []struct {
		method, path, body string
		code               int
	}{
		{"GET", "/check?number=13800138001", "", http.StatusOK},
		{"GET", "/v1/numbers/13800138001:check", "", http.StatusOK},
		{"POST", "/v1/calls:reserve", `{"callId":"r","number":"13800138001"}`, http.StatusOK},
		{"GET", "/healthz", "", http.StatusOK},
		{"GET", "/readyz", "", http.StatusOK},
		{"GET", "/v1/freezes", "", http.StatusNotFound},
		{"GET", "/metrics", "", http.StatusNotFound},
		{"POST", "/v1/recordings", "RIFF", http.StatusNotFound},
	} {
		code, _ := rest(t, tt.method, base+tt.path, "", tt.body)
		require.Equal(t, tt.code, code, tt.path)
	}
	resp, err := http.PostForm(base+"/reserve", map[string][]string{"call_id": {"f"}, "number": {"13800138002"}})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// What callers send is refused before it takes much memory, and says what to do.
func TestRESTIsBounded(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	cfg.Limits.Idle = 8 * time.Second // a busy machine takes its time for nine megabytes
	s := start(t, cfg)
	base := "http://" + s.app.HTTPAddr()
	empty := strings.Repeat("{},", 200_000) + "{}"
	for _, tt := range []struct {
		name, path, body, says string
		code                   int
	}{
		{"empty calls", "/v1/calls:batchReport", `{"calls":[` + empty + `]}`, `"calls" has more than`, 413},
		{"too many bytes", "/v1/lexicon:check", `{"source":"` + strings.Repeat("#", 9<<20) + `"}`, "too large", 413},
		{"too large for the API", "/v1/lexicon:check", `{"source":"` + strings.Repeat("#", 5<<20) + `"}`, "too large", 413},
		{"a reservation", "/v1/calls:reserve", `{"callId":"` + strings.Repeat("a", 70<<10) + `"}`, "too large", 413},
		{"nested", "/v1/lexicon:test", strings.Repeat("[", 200), "nested more than 100", 400},
		{"a list within a text", "/v1/lexicon:check", `{"source":"` + strings.ReplaceAll(empty[:60_000], `"`, "") + `"}`, "", 200},
		{"a thousand", "/v1/calls:batchReport", `{"calls":[` + strings.Repeat("{},", 999) + `{}]}`, "", 200},
		{"more", "/v1/calls:batchReport", `{"calls":[` + strings.Repeat("{},", 1000) + `{}]}`, "has 1001", 400},
	} {
		code, got := rest(t, "POST", base+tt.path, "", tt.body)
		require.Equal(t, tt.code, code, "%s: %v", tt.name, got)
		if tt.says != "" {
			require.Contains(t, got["message"], tt.says, tt.name)
		}
	}
	for name, text := range map[string]string{
		"headers": "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("a", 36<<10), // as much as is read
		"body":    "POST /v1/calls HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
		"upload": "POST /v1/recordings?call_id=a&number=13800138000 HTTP/1.1\r\nHost: localhost\r\n" +
			"Content-Length: 100\r\n\r\nRIFF",
	} {
		t.Run(name+" stall", func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", s.app.HTTPAddr())
			require.NoError(t, err)
			defer func() { require.NoError(t, c.Close()) }()
			require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
			_, err = c.Write([]byte(text))
			require.NoError(t, err)
			answer := make([]byte, 4096)
			n, err := c.Read(answer)
			require.NoError(t, err)
			require.Regexp(t, `^HTTP/1.1 (408|431|503) `, string(answer[:n]))
		})
	}
}

// Checks get in beside more connections and uploads than there may be.
func TestGateBesideStalledUploads(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	cfg.Limits.Connections, cfg.Limits.Uploads = 8, 4
	s := start(t, cfg)
	for range 20 {
		stream, err := s.Recordings.UploadRecording(t.Context())
		require.NoError(t, err)
		require.NoError(t, stream.Send(&pb.UploadRecordingRequest{Payload: &pb.UploadRecordingRequest_Metadata{
			Metadata: &pb.RecordingMetadata{CallId: "a", Number: "13800138000"}}}))
	}
	for range 20 {
		c, err := net.Dial("tcp", s.app.HTTPAddr())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
	}
	_, err := s.Gate.CheckNumber(t.Context(), &pb.CheckNumberRequest{Number: "13800138001"})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://" + s.app.HTTPAddr() + "/check?number=13800138001")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, time.Minute, 100*time.Millisecond, "those that say nothing give way")
	code, _ := rest(t, "GET", "http://"+s.app.HTTPAddr()+"/metrics", "", "")
	require.Equal(t, http.StatusOK, code)
}
