package s3

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"

	"github.com/refrain-asr/refrain/recording"
)

// perRequest is how many objects are listed or removed by one request.
const perRequest = 1000

// listing is what to list.
type listing struct {
	prefix string
	// deep lists what lies below, too, which else is one entry a folder.
	deep bool
	// versions lists former versions and what tells that objects were removed.
	versions bool
}

// list hands what there is to visit, with names without the bucket's prefix.
func (b *Bucket) list(ctx context.Context, l listing, visit func(name string, o minio.ObjectInfo) error) error {
	within, stop := context.WithCancel(ctx)
	defer stop()
	p := b.watch(within)
	defer p.stop()
	for o := range b.client.ListObjects(p, b.o.Bucket, minio.ListObjectsOptions{
		Prefix: b.o.Prefix + l.prefix, Recursive: l.deep, WithVersions: l.versions, MaxKeys: perRequest,
	}) {
		p.timer.Reset(p.idle)
		if err := b.explain(ctx, "list "+b.o.Prefix+l.prefix, p.stalled(o.Err)); err != nil {
			return err
		}
		if err := visit(strings.TrimPrefix(o.Key, b.o.Prefix), o); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// versioned tells whether the bucket keeps former versions, or did.
func (b *Bucket) versioned(ctx context.Context) (bool, error) {
	within, stop := b.within(ctx)
	defer stop()
	v, err := b.client.GetBucketVersioning(within, b.o.Bucket)
	switch minio.ToErrorResponse(err).Code {
	case "NotImplemented", "VersioningNotConfigured":
		return false, nil
	}
	if err := b.explain(ctx, "ask whether the bucket keeps former versions (s3:GetBucketVersioning)", err); err != nil {
		return false, err
	}
	return v.Status != "", nil
}

// remove removes objects, with all of their versions. It is no error where there are none.
func (b *Bucket) remove(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	versions, err := b.versioned(ctx)
	if err != nil {
		return err
	}
	var all []minio.ObjectInfo
	if versions {
		if all, err = b.versionsOf(ctx, keys); err != nil {
			return err
		}
		return b.removeObjects(ctx, all)
	}
	for _, key := range keys {
		all = append(all, minio.ObjectInfo{Key: key})
	}
	return b.removeObjects(ctx, all)
}

// versionsOf are all versions of objects. What a reference is called begins with what its blob is, so that one
// list has both.
func (b *Bucket) versionsOf(ctx context.Context, keys []string) (all []minio.ObjectInfo, err error) {
	wanted, prefixes := map[string]bool{}, map[string]bool{}
	for _, key := range keys {
		name := strings.TrimPrefix(key, b.o.Prefix)
		wanted[name], prefixes[strings.TrimSuffix(name, refSuffix)] = true, true
	}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for prefix := range prefixes {
		g.Go(func() error {
			return b.list(ctx, listing{prefix: prefix, deep: true, versions: true}, func(name string, o minio.ObjectInfo) error {
				if wanted[name] {
					mu.Lock()
					all = append(all, o)
					mu.Unlock()
				}
				return nil
			})
		})
	}
	err = g.Wait()
	return all, err
}

// removeObjects removes these versions of objects.
func (b *Bucket) removeObjects(ctx context.Context, all []minio.ObjectInfo) error {
	for len(all) > 0 {
		some := all[:min(len(all), perRequest)]
		all = all[len(some):]
		if err := b.removeSome(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bucket) removeSome(ctx context.Context, some []minio.ObjectInfo) (err error) {
	within, stop := b.within(ctx)
	defer stop()
	queue := make(chan minio.ObjectInfo, len(some))
	for _, o := range some {
		queue <- o
	}
	close(queue)
	for failed := range b.client.RemoveObjects(within, b.o.Bucket, queue, minio.RemoveObjectsOptions{}) {
		if err == nil {
			err = b.explain(ctx, "remove "+failed.ObjectName, failed.Err)
		}
	}
	return err
}

// RemoveAll implements blob.Store. In a bucket that keeps former versions, these go, too.
func (b *Bucket) RemoveAll(ctx context.Context, ids []string) error {
	var keys []string
	gone := map[recording.ID]bool{}
	for _, text := range ids {
		key, err := b.key(recording.ID(text))
		if err != nil {
			return err
		}
		keys = append(keys, key, key+refSuffix)
		gone[recording.ID(text)] = true
	}
	if len(keys) == 0 {
		return nil
	}
	if err := b.usable(); err != nil {
		return err
	}
	if err := b.remove(ctx, keys); err != nil {
		return fmt.Errorf("remove audio for good: %w", err)
	}
	_, err := b.removeStrays(ctx, func(s stray) bool { return gone[s.id] })
	return err
}

// Remove implements recording.Blobs.
func (b *Bucket) Remove(ctx context.Context, id recording.ID) error {
	key, err := b.key(id)
	if err == nil {
		err = b.usable()
	}
	if err != nil {
		return err
	}
	return wrap("remove the audio of recordings/"+string(id), b.remove(ctx, []string{key, key + refSuffix}))
}
