package s3

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

// atOnce is how many requests a sweep makes at once.
const atOnce = 8

// Sweep implements blob.Store. It may be called at any time, beside others who upload: what is younger
// than Options.Grace is let alone, since its row may be about to come. Uploads in parts that nobody ended
// are ended once they are as old.
func (b *Bucket) Sweep(
	ctx context.Context, known, erased blob.Known, now time.Time, meant bool,
) (s blob.Swept, err error) {
	if err := b.usable(); err != nil {
		return s, err
	}
	if err := b.endUploads(ctx, now); err != nil {
		return s, fmt.Errorf("remove unfinished uploads: %w", err)
	}
	if s.Returned, err = b.takeBack(ctx, known.But(erased)); err != nil {
		return s, fmt.Errorf("put back audio that had strayed: %w", err)
	}
	f, err := b.sift(ctx, known, erased, now)
	if err != nil {
		return s, fmt.Errorf("look through the bucket of audio: %w", err)
	}
	if blob.Doubtful(len(f.stray), f.kept) && !meant {
		return s, &blob.DoubtError{Dir: b.String(), Strays: len(f.stray), Of: len(f.stray) + f.kept}
	}
	if !meant { // else it may be the database that is wrong
		if err := b.RemoveAll(ctx, f.gone); err != nil {
			return s, fmt.Errorf("remove audio that was erased: %w", err)
		}
		s.Removed = len(f.gone)
	}
	folder := b.o.Prefix + strayDir + now.UTC().Format(time.DateOnly) + "/"
	s.Strayed, s.To = len(f.stray), "s3://"+b.o.Bucket+"/"+folder
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, id := range f.stray {
		g.Go(func() error { return b.setAside(gctx, id, folder) })
	}
	return s, wrap("set stray audio aside", g.Wait())
}

// sifted is what a sweep found.
type sifted struct {
	mu    sync.Mutex
	stray []recording.ID
	gone  []string
	kept  int
}

// sift looks through all blobs, several of the folders that they lie in at once.
func (b *Bucket) sift(ctx context.Context, known, erased blob.Known, now time.Time) (*sifted, error) {
	var f sifted
	var folders []string
	err := b.list(ctx, listing{}, func(name string, _ minio.ObjectInfo) error {
		if len(name) == len("xx/") && strings.HasSuffix(name, "/") {
			folders = append(folders, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, folder := range folders {
		g.Go(func() error {
			all, err := b.blobsIn(ctx, folder, now)
			if err != nil {
				return err
			}
			return f.part(ctx, all, known, erased)
		})
	}
	return &f, g.Wait()
}

// part parts blobs, of which it is told whether they are young, into what is kept, strayed and erased. Young
// ones don't stray.
func (f *sifted) part(ctx context.Context, all map[recording.ID]bool, known, erased blob.Known) error {
	over, ids, err := erased.Part(ctx, slices.Collect(maps.Keys(all)))
	if err != nil {
		return err
	}
	_, lost, err := known.Part(ctx, ids)
	if err != nil {
		return err
	}
	lost = slices.DeleteFunc(lost, func(id recording.ID) bool { return all[id] })
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range over {
		f.gone = append(f.gone, string(id))
	}
	f.stray, f.kept = append(f.stray, lost...), f.kept+len(ids)-len(lost)
	return nil
}

// blobsIn lists the blobs of a folder, and tells of each whether it is young; what is no blob is let alone.
func (b *Bucket) blobsIn(ctx context.Context, folder string, now time.Time) (map[recording.ID]bool, error) {
	all := map[recording.ID]bool{}
	err := b.list(ctx, listing{prefix: folder, deep: true}, func(name string, o minio.ObjectInfo) error {
		if id, ok := blob.IDOf(name); ok {
			all[id] = all[id] || b.young(o.LastModified, now)
		}
		return nil
	})
	return all, err
}

// young tells that something may be on its way still.
func (b *Bucket) young(since, now time.Time) bool {
	return b.o.Grace > 0 && now.Sub(since) < b.o.Grace
}

// endUploads ends uploads in parts whose server died.
func (b *Bucket) endUploads(ctx context.Context, now time.Time) error {
	within, stop := context.WithCancel(ctx)
	defer stop()
	p := b.watch(within)
	defer p.stop()
	for u := range b.client.ListIncompleteUploads(p, b.o.Bucket, b.o.Prefix, true) {
		p.timer.Reset(p.idle)
		if err := b.explain(ctx, "list unfinished uploads", p.stalled(u.Err)); err != nil {
			return err
		}
		if b.young(u.Initiated, now) {
			continue
		}
		err := b.core.AbortMultipartUpload(p, b.o.Bucket, u.Key, u.UploadID)
		if minio.ToErrorResponse(err).Code == "NoSuchUpload" { // another server did so
			err = nil
		}
		if err := b.explain(ctx, "end the upload of "+u.Key, p.stalled(err)); err != nil {
			return err
		}
	}
	return ctx.Err()
}
