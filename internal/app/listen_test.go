package app_test

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
)

// What a start lacks is told before it made, or waited for, what it would not use.
func TestStartLooksAhead(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })

	cfg := testConfig(filepath.Join(t.TempDir(), "data"))
	cfg.Speech.Model = "nosuch"
	_, err = app.New(t.Context(), cfg, app.Options{Logger: newLogbook().Logger()})
	require.ErrorContains(t, err, `no such model: "nosuch" is neither a file nor a name`)
	require.NoDirExists(t, cfg.Data)

	cfg.Speech.Model = "demo"
	cfg.HTTP.Address = taken.Addr().String()
	_, err = app.New(t.Context(), cfg, app.Options{Logger: newLogbook().Logger()})
	require.ErrorContains(t, err, "another server running? --http takes another address")
	require.NoDirExists(t, cfg.Path("models"), "the model was not unpacked")
}
