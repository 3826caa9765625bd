package config_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/retention"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, wrong string }{
		{"retention: {}", ""},
		{"retention: {audio: 30d}", ""},
		{"retention: {audio: 29d}", "retention.audio: is 29d, but MIIT"},
		{"retention: {audio: 29d, below_floor: true}", ""},
		{"retention: {decisions: 2y}", "retention.decisions is \"2y\"; it must be a period, such as 90d"},
		{"retention: {decisions: 1000d}", "retention.decisions: is 1000d, but article 56"},
		{"retention: {calls: 0d}", "retention.calls: is 0"},
		{"retention: {calls: -1d}", "retention.calls: must be above 0"},
		{"retention: {lines: {loans: {audio: 10d}}}", "retention.lines.loans.audio: is 10d"},
		{"retention: {lines: {loans: {audio: 45d, calls: 36h}}}", ""},
		{"retention: {backups: -1d}", "retention.backups: is negative"},
		{"retention: {audios: 30d}", "audios"},
	} {
		path := filepath.Join(t.TempDir(), "refrain.yaml")
		require.NoError(t, os.WriteFile(path, []byte(tt.text), 0o600))
		c, err := config.Load(path)
		if err == nil {
			err = c.Validate()
		}
		if tt.wrong == "" {
			require.NoError(t, err, tt.text)
			continue
		}
		require.ErrorContains(t, err, tt.wrong, tt.text)
	}
}

// The periods are those that are documented.
func TestRetentionDefaults(t *testing.T) {
	t.Parallel()
	p := config.Default().Retention.Policy()
	require.Equal(t, map[retention.Kind]time.Duration{
		retention.Audio: 90 * retention.Day, retention.Transcripts: 180 * retention.Day, retention.Calls: 400 * retention.Day,
		retention.Decisions: 1096 * retention.Day, retention.Freezes: 1096 * retention.Day, retention.Audit: 1096 * retention.Day,
	}, p.Periods)
}
