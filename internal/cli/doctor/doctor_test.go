package doctor

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
)

// A backup's time is shown in the zone of all tables, whatever the machine's is.
func TestBackupTime(t *testing.T) {
	t.Parallel()
	d := &doctor{Console: console.New(nil, nil, nil)}
	d.cfg.Data = t.TempDir()
	at := time.Now().Add(-time.Hour)
	require.NoError(t, os.WriteFile(d.cfg.Path(backup.DoneFile), nil, 0o600))
	require.NoError(t, os.Chtimes(d.cfg.Path(backup.DoneFile), at, at))
	d.backup()
	require.Equal(t, []finding{{"backup", good, "made " + at.In(output.Zone()).Format("2006-01-02 15:04"), ""}}, d.findings)
}

// Only a key that should lie there is missed.
func TestMissingKey(t *testing.T) {
	t.Parallel()
	for _, elsewhere := range []string{"", "/run/secrets/ledger.key"} {
		d := &doctor{Console: console.New(nil, nil, nil)}
		d.cfg.Data, d.cfg.Ledger.Key.File = t.TempDir(), elsewhere
		require.NoError(t, os.WriteFile(d.cfg.Path("refrain.db"), []byte("x"), 0o600))
		d.directory()
		missing := finding{"ledger.key", bad, "is missing: the ledger can't be continued without it",
			"put it back from where you keep a copy (backups hold it only with --with-key)"}
		if elsewhere == "" {
			require.Contains(t, d.findings, missing)
		} else {
			require.NotContains(t, d.findings, missing)
		}
	}
}

func TestRemedy(t *testing.T) {
	t.Parallel()
	require.Contains(t, remedy(&client.Error{Code: codes.Unauthenticated, Reason: "KEY_MISSING"}), "--key")
	require.Contains(t, remedy(&client.Error{Code: codes.PermissionDenied, Reason: "NOT_PERMITTED"}), "--key")
	require.Equal(t, "look at its log", remedy(&client.Error{Code: codes.Internal, Reason: "INTERNAL"}))
}
