package httpapi

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is read as JSON comes packed to whoever takes that, and all else as it is.
func TestPacked(t *testing.T) {
	t.Parallel()
	long := `{"a":"` + strings.Repeat("不需要", 2000) + `"}`
	for _, tt := range []struct {
		name, method, path, takes, kind, answer string
		packed                                  bool
	}{
		{"a list", "GET", "/v1/suspects", "gzip, deflate, br", "application/json", long, true},
		{"for curl", "GET", "/v1/suspects", "", "application/json", long, false},
		{"who refuses it", "GET", "/v1/suspects", "gzip;q=0", "application/json", long, false},
		{"a small answer", "GET", "/v1/status", "gzip", "application/json", `{"a":1}`, false},
		{"what changes something", "POST", "/v1/suspects:claimNext", "gzip", "application/json", long, false},
		{"a stream", "GET", "/v1/suspects:watch", "gzip", "application/json", long, false},
		{"an export", "GET", "/v1/freezes:export", "gzip", "application/json", long, false},
		{"audio", "GET", "/v1/x", "gzip", "audio/wav", long, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, err := packed(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				_, _ = io.WriteString(w, tt.answer)
			}))
			require.NoError(t, err)
			r := httptest.NewRequest(tt.method, tt.path, http.NoBody)
			if tt.takes != "" {
				r.Header.Set("Accept-Encoding", tt.takes)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			body := io.Reader(w.Body)
			require.Equal(t, tt.packed, w.Header().Get("Content-Encoding") == "gzip")
			if tt.packed {
				require.Less(t, w.Body.Len(), len(tt.answer)/10)
				require.Contains(t, w.Header().Values("Vary"), "Accept-Encoding")
				body, err = gzip.NewReader(body)
				require.NoError(t, err)
			}
			got, err := io.ReadAll(body)
			require.NoError(t, err)
			require.Equal(t, tt.answer, string(got))
		})
	}
}
