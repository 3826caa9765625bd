package apptest

import (
	"context"
	"log/slog"
	"os"
	"testing"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/jobs"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/internal/store/storetest"
)

var tables = storetest.Made(func(ctx context.Context, db *store.DB) error {
	return jobs.Prepare(ctx, db.Writer(), nil, slog.New(slog.DiscardHandler))
})

// Tables puts into a data directory that is empty the tables that a server would make there.
func Tables(tb testing.TB, cfg config.Config) {
	tb.Helper()
	if there, err := os.ReadDir(cfg.Data); cfg.Database.URL == "" && err == nil && len(there) == 0 {
		tables(tb, cfg.Path(datadir.DBFile))
	}
}
