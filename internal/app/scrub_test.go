package app_test

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/disk"
	"github.com/refrain-asr/refrain/retention"
)

// What is left of people waits for room on the disk beside the reserve; the log and the metrics say so
// until it is overwritten.
func TestScrubWaitsForRoom(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t.TempDir())
	require.NoError(t, start(t, cfg).stop())
	e := retention.Erasure{ID: ulid.MustNewDefault(time.Now()).String(), At: time.Now(), Name: "00", Key: "x"}
	require.NoError(t, datadir.Erasures{Dir: cfg.Data}.Append(e))
	db, err := sql.Open("sqlite", filepath.Join(cfg.Data, datadir.DBFile))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), `INSERT INTO erasures (id, number_mac, at, tally) VALUES ($1, x'00', 1, '{}')`, e.ID)
	require.NoError(t, err)
	require.NoError(t, db.Close())

	var free atomic.Int64
	free.Store(1 << 10)
	hour := make(chan time.Time)
	logs := newLogbook()
	s := start(t, cfg, logTo(logs), func(o *app.Options) {
		o.SpaceOf = func(string) (disk.Space, error) { return disk.Space{Free: free.Load(), Size: 1 << 40}, nil }
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d == time.Hour {
				return hour, func() {}
			}
			return nil, func() {}
		}
	})
	logs.Wait(t, 1, "what is left of people who were erased could not be overwritten; trying again in an hour")
	unscrubbed := func() string {
		_, text := fetch(t, http.MethodGet, "http://"+s.app.HTTPAddr()+"/metrics", nil)
		return text
	}
	require.Contains(t, unscrubbed(), "refrain_retention_unscrubbed 1")
	free.Store(1 << 39)
	hour <- time.Now()
	require.Eventually(t, func() bool { return strings.Contains(unscrubbed(), "refrain_retention_unscrubbed 0") },
		time.Minute, 10*time.Millisecond)
}
