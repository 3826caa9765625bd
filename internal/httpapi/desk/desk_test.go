package desk_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/httpapi/desk"
)

func get(h http.HandlerFunc, pattern, path string, headers ...string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, h)
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

func TestPage(t *testing.T) {
	t.Parallel()
	d, err := desk.New()
	require.NoError(t, err)
	w := get(d.Page, "GET /review/{suspect}", "/review/01")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	require.Equal(t, "no-cache", w.Header().Get("Cache-Control"))
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "script-src 'self';")
	require.NotContains(t, w.Header().Get("Content-Security-Policy"), "unsafe")
	require.NotRegexp(t, `<style|style=|<script>| on[a-z]+=`, w.Body.String(), "the policy would forbid it")
	again := get(d.Page, "GET /{$}", "/", "If-None-Match", w.Header().Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.Code)
}

// Whatever address the page shows, a reload of it is answered with the page.
func TestPagesAreThoseOfTheRouter(t *testing.T) {
	t.Parallel()
	router, err := os.ReadFile("../../../web/src/router.ts")
	require.NoError(t, err)
	var want []string
	for _, m := range regexp.MustCompile(`path: '(/[a-z-]+)(/:id\?)?', component`).FindAllStringSubmatch(string(router), -1) {
		want = append(want, "GET "+m[1])
		if m[2] != "" {
			want = append(want, "GET "+m[1]+"/{suspect}")
		}
	}
	require.ElementsMatch(t, want, desk.Pages, strings.Join(want, " "))
}

// What the page names is there, and kept by browsers.
func TestAssets(t *testing.T) {
	t.Parallel()
	d, err := desk.New()
	require.NoError(t, err)
	page := get(d.Page, "GET /{$}", "/").Body.String()
	names := regexp.MustCompile(`/assets/[^"]+`).FindAllString(page, -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		w := get(d.Asset, desk.Assets, name)
		require.Equal(t, http.StatusOK, w.Code, name)
		require.Contains(t, w.Header().Get("Cache-Control"), "immutable")
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		zipped := get(d.Asset, desk.Assets, name, "Accept-Encoding", "br, gzip")
		if zipped.Header().Get("Content-Encoding") == "gzip" {
			require.Less(t, zipped.Body.Len(), w.Body.Len())
		}
		require.Empty(t, get(d.Asset, desk.Assets, name, "Accept-Encoding", "gzip;q=0").Header().Get("Content-Encoding"))
	}
	require.Equal(t, http.StatusNotFound, get(d.Asset, desk.Assets, "/assets/none.js").Code)
}
