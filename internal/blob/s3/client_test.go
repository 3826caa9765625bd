package s3_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob/blobtest"
	"github.com/refrain-asr/refrain/internal/blob/s3"
	"github.com/refrain-asr/refrain/internal/blob/s3test"
	"github.com/refrain-asr/refrain/recording"
)

func TestParseCredentials(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]s3.Credentials{
		"[default]\naws_access_key_id = A\naws_secret_access_key = b=/+c\n": {AccessKeyID: "A", SecretAccessKey: "b=/+c"},
		"aws_access_key_id=A\r\naws_secret_access_key=b\r\naws_session_token=t": {AccessKeyID: "A", SecretAccessKey: "b",
			SessionToken: "t"},
		"# mine\n[one]\naws_access_key_id=A\naws_secret_access_key=b\n[two]\naws_access_key_id=C\n": {AccessKeyID: "A",
			SecretAccessKey: "b"},
		`{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "b", "SessionToken": "t", "Expiration": "2026-11-29T12:00:00Z"}`: {
			AccessKeyID: "A", SecretAccessKey: "b", SessionToken: "t", Expiration: at},
	} {
		got, err := s3.ParseCredentials([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "A:secret", "{", `{"AccessKeyId": "A"}`, "aws_secret_access_key=secret", "[default]"} {
		_, err := s3.ParseCredentials([]byte(text))
		require.ErrorContains(t, err, "hold no ", text)
		require.NotContains(t, err.Error(), "=secret")
		require.NotContains(t, err.Error(), ":secret")
	}
}

func FuzzParseCredentials(f *testing.F) {
	f.Add([]byte("[default]\naws_access_key_id = A\naws_secret_access_key = b\n"))
	f.Add([]byte(`{"AccessKeyId": "A", "SecretAccessKey": "b"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := s3.ParseCredentials(text); err == nil {
			require.NotEmpty(t, c.AccessKeyID)
			require.NotEmpty(t, c.SecretAccessKey)
		}
	})
}

// Where a server tells no checksum, what it keeps is read back and compared; and one that differs is told of.
func TestChecksums(t *testing.T) {
	t.Parallel()
	p := newPlace(t, s3test.Start(t, false), false)
	audio := "audio"
	for name, tt := range map[string]struct {
		sum, body string // what the server is made to answer
		ok        bool
	}{
		"none, and the same": {"", audio, true},
		"none, and another":  {"", "radio", false},
		"none, and less":     {"", "audi", false},
		"of something else":  {"eW91IHdvbid0IGZpbmQgdGhlIHNhbWUgb25lIGhlcmU=", audio, false},
	} {
		var read atomic.Int64
		front := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(p.g.URL("")); r.Out.Host = r.In.Host },
			ModifyResponse: func(r *http.Response) error {
				path := r.Request.URL.Path
				if strings.HasSuffix(path, s3.MarkerFile) || !strings.Contains(path, "/refrain/") || r.StatusCode >= 300 {
					return nil
				}
				switch r.Request.Method {
				case http.MethodPut:
					r.Header.Del("X-Amz-Checksum-Sha256")
					if tt.sum != "" {
						r.Header.Set("X-Amz-Checksum-Sha256", tt.sum)
					}
				case http.MethodGet:
					read.Add(1)
					_ = r.Body.Close()
					r.Body, r.ContentLength = io.NopCloser(strings.NewReader(tt.body)), int64(len(tt.body))
					r.Header.Set("Content-Length", strconv.Itoa(len(tt.body)))
					r.Header.Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(tt.body)-1, len(tt.body)))
				}
				return nil
			},
		})
		o := p.o
		o.Endpoint, o.Temp = p.g.URL(front.Listener.Addr().String()), filepath.Join(t.TempDir(), "tmp")
		b := bound(t, o)
		blob, err := b.NewBlob()
		require.NoError(t, err)
		_, err = blob.Write([]byte(audio))
		require.NoError(t, err)
		err = blob.Commit(t.Context(), blobtest.NewID())
		if tt.ok {
			require.NoError(t, err, name)
		} else {
			requireAway(t, err, recording.StoreUnavailable)
			require.ErrorContains(t, err, "its checksum differs", name)
		}
		require.Equal(t, tt.sum == "", read.Load() > 0, name)
		front.Close()
	}
}

// The server is told how to encrypt, and checks what it gets: versitygw knows nothing of the former.
func TestEncryption(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		encryption s3.Encryption
		key        string
		want       [2]string
	}{
		"as it is set": {s3.AsSet, "", [2]string{}},
		"its own keys": {s3.SSES3, "", [2]string{"AES256"}},
		"KMS":          {s3.SSEKM, "a-key", [2]string{"aws:kms", "a-key"}},
	} {
		var got atomic.Pointer[http.Header]
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if r.Method == http.MethodPut {
				got.Store(&r.Header)
			}
			w.WriteHeader(http.StatusNotFound)
		}))
		u, err := url.Parse(server.URL)
		require.NoError(t, err)
		b := opened(t, s3.Options{Endpoint: u, Bucket: "bucket", Region: s3test.Region, Credentials: s3test.Credentials,
			Temp: filepath.Join(t.TempDir(), "tmp"), Now: time.Now, Encryption: tt.encryption, KMSKey: tt.key})
		_, err = b.Bind(t.Context(), s3.Claim{Directory: directory, Meant: true})
		require.Error(t, err)
		server.Close()
		h := got.Load()
		require.NotNil(t, h, name)
		require.Equal(t, tt.want, [2]string{h.Get("X-Amz-Server-Side-Encryption"),
			h.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")}, name)
	}
}
