package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/httpapi/desk"
)

// Browsers are given the page, and programs what they can read.
func TestWelcome(t *testing.T) {
	t.Parallel()
	d, err := desk.New()
	require.NoError(t, err)
	for accept, want := range map[string]string{
		"text/html,application/xhtml+xml,*/*;q=0.8": "<!doctype html>",
		"*/*": "This is Refrain.",
		"":    "This is Refrain.",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		welcome(d)(w, r)
		require.Contains(t, w.Body.String(), want, accept)
		require.Contains(t, w.Header().Values("Vary"), "Accept")
	}
}
