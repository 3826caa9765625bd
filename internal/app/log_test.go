package app

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuietLibrary(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(atLeast(slog.LevelWarn, slog.NewTextHandler(&out, nil))).With("a", 1).WithGroup("jobs")
	log.Info("applied migration")
	log.Error("leadership.Elector: Error attempting to resign")
	require.Empty(t, out.String())
	log.Error("producer: something that matters")
	require.Contains(t, out.String(), "something that matters")
}
