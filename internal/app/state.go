package app

import (
	"context"
	"os"
	"time"

	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/disk"
	"github.com/refrain-asr/refrain/internal/metrics"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/recording"
)

// backupFile is touched by whatever makes backups, once one is whole.
const backupFile = backup.DoneFile

// state is how the server is, for the metrics. What can't be found out is left out: the rest is
// worth reading all the same.
func (a *App) state() metrics.Server {
	ctx, cancel := context.WithTimeout(context.Background(), queuePatience)
	defer cancel()
	s := metrics.Server{Now: a.now(), Suspects: -1, Database: sizeOf(a.cfg.Path(datadir.DBFile)),
		WAL: sizeOf(a.cfg.Path(datadir.DBFile + "-wal")), Backup: touched(a.cfg.Path(backupFile))}
	s.Free, s.Size = -1, -1
	if space, err := disk.SpaceOf(a.cfg.Data); err == nil {
		s.Free, s.Size = float64(space.Free), float64(space.Size)
	}
	if a.certs != nil {
		s.CertEnds, s.CertFails = a.certs.Expires(), a.certs.Failing()
	}
	n, err := a.db.Suspects.Open(ctx)
	if err != nil {
		a.log.ErrorContext(ctx, "the open suspects could not be counted for the metrics", "error", err)
		return s
	}
	s.Suspects = float64(n)
	return s
}

// sizeOf is a file's size in bytes, -1 where there is none.
func sizeOf(path string) float64 {
	info, err := os.Stat(path)
	if err != nil {
		return -1
	}
	return float64(info.Size())
}

// touched is when a file was written last, the zero time where there is none.
func touched(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// queuePatience bounds how long whoever reads the metrics waits for the database.
const queuePatience = 5 * time.Second

// queue is what waits, for the metrics; ok is false where it can't be read.
func (a *App) queue() (q recording.Queue, now time.Time, ok bool) { return a.queueIn(a.db.Recordings) }

func (a *App) queueIn(s *store.Recordings) (q recording.Queue, now time.Time, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), queuePatience)
	defer cancel()
	q, err := s.Queue(ctx)
	if err != nil {
		a.log.ErrorContext(ctx, "what waits could not be read for the metrics", "error", err)
	}
	return q, a.now(), err == nil
}
