package app

import (
	"context"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/disk"
	"github.com/refrain-asr/refrain/internal/grpcapi"
)

// roomAge is for how long a measurement of the disk stands: adding the recordings up takes a moment where there are
// millions.
const roomAge = 30 * time.Second

// room remembers how much room there is. It is safe for concurrent use.
type room struct {
	measure func(context.Context) (grpcapi.Disk, error)
	now     func() time.Time

	mu   sync.Mutex
	last grpcapi.Disk
	at   time.Time
}

// get measures at most every roomAge; those who ask meanwhile wait for the one that does.
func (r *room) get(ctx context.Context) (grpcapi.Disk, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if age := now.Sub(r.at); !r.at.IsZero() && age >= 0 && age < roomAge {
		return r.last, nil
	}
	d, err := r.measure(ctx)
	if err == nil {
		r.last, r.at = d, now
	}
	return d, err
}

func (a *App) measureDisk(ctx context.Context) (d grpcapi.Disk, err error) {
	if space, err := disk.SpaceOf(a.cfg.Data); err == nil { // else it can't be told
		d.Free, d.Size = space.Free, space.Size
	}
	for _, file := range []string{datadir.DBFile, datadir.WALFile} {
		d.Database += int64(max(0, sizeOf(a.cfg.Path(file))))
	}
	if a.db.Shared() {
		if d.Database, err = a.db.Size(ctx); err != nil {
			return d, err
		}
	}
	d.Audio, err = a.db.Recordings.AudioSize(ctx)
	return d, err
}

// heard counts a recording that was heard.
func (a *App) heard(audio, took time.Duration) {
	a.metrics.Heard(audio, took)
	a.pace.Heard(a.now(), audio, took)
}
