package s3

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/oklog/ulid/v2"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

const (
	refSuffix = blob.ReferenceSuffix
	// strayDir is below what blobs lie that belong to no recording, by the day on which they were found.
	strayDir = "stray/"
)

// stray is an object below strayDir.
type stray struct {
	id recording.ID
	// name is what it is called, file that without its day.
	name, file string
	day        time.Time
}

// strayOf reads what lies below strayDir; ok is false for what is no stray.
func strayOf(name string) (s stray, ok bool) {
	day, file, _ := strings.Cut(strings.TrimPrefix(name, strayDir), "/")
	id, _, _ := strings.Cut(file, ".")
	if _, err := ulid.ParseStrict(id); err != nil {
		return s, false
	}
	s = stray{id: recording.ID(id), name: name, file: file}
	s.day, _ = time.Parse(time.DateOnly, day) // else it never ends
	return s, true
}

// strays are all of them.
func (b *Bucket) strays(ctx context.Context) (all []stray, err error) {
	err = b.list(ctx, listing{prefix: strayDir, deep: true}, func(name string, _ minio.ObjectInfo) error {
		if s, ok := strayOf(name); ok {
			all = append(all, s)
		}
		return nil
	})
	return all, err
}

// removeStrays removes those that are to go, and counts them.
func (b *Bucket) removeStrays(ctx context.Context, goes func(stray) bool) (int, error) {
	versions, err := b.versioned(ctx)
	if err != nil {
		return 0, err
	}
	var all []minio.ObjectInfo
	names := map[string]bool{}
	err = b.list(ctx, listing{prefix: strayDir, deep: true, versions: versions}, func(name string, o minio.ObjectInfo) error {
		if s, ok := strayOf(name); ok && goes(s) {
			all, names[name] = append(all, minio.ObjectInfo{Key: o.Key, VersionID: o.VersionID}), true
		}
		return nil
	})
	if err == nil {
		err = b.removeObjects(ctx, all)
	}
	return len(names), wrap("remove stray audio", err)
}

// PurgeStrays implements blob.Store.
func (b *Bucket) PurgeStrays(ctx context.Context, erased blob.Known, before time.Time) (int, error) {
	if err := b.usable(); err != nil {
		return 0, err
	}
	all, err := b.strays(ctx)
	if err != nil || len(all) == 0 {
		return 0, err
	}
	gone := map[recording.ID]bool{}
	for from := 0; from < len(all); from += perRequest {
		var ids []recording.ID
		for _, s := range all[from:min(len(all), from+perRequest)] {
			ids = append(ids, s.id)
		}
		some, _, err := erased.Part(ctx, ids)
		if err != nil {
			return 0, err
		}
		for _, id := range some {
			gone[id] = true
		}
	}
	return b.removeStrays(ctx, func(s stray) bool {
		return gone[s.id] || !s.day.IsZero() && s.day.AddDate(0, 0, 1).Before(before)
	})
}

// copyTo copies an object within the bucket, which the server does.
func (b *Bucket) copyTo(ctx context.Context, from, to string) error {
	within, stop := context.WithTimeout(ctx, 10*b.o.Idle) // nothing tells how far it has come
	defer stop()
	_, err := b.client.CopyObject(within, minio.CopyDestOptions{Bucket: b.o.Bucket, Object: to, Encryption: b.sse},
		minio.CopySrcOptions{Bucket: b.o.Bucket, Object: from})
	return b.explain(ctx, "copy "+from, err)
}

// move gives an object another name: a crash in between leaves it under both.
func (b *Bucket) move(ctx context.Context, from, to string) error {
	if err := b.copyTo(ctx, from, to); err != nil {
		return err
	}
	return b.remove(ctx, []string{from})
}

// setAside moves a blob below a folder, whether it is audio or says where that lies. An object that is
// there already keeps its name.
func (b *Bucket) setAside(ctx context.Context, id recording.ID, folder string) error {
	key, err := b.key(id)
	if err != nil {
		return err
	}
	for _, suffix := range []string{"", refSuffix} {
		is, err := b.there(ctx, key+suffix)
		if err != nil || !is {
			if err != nil {
				return err
			}
			continue
		}
		to, err := b.free(ctx, folder+string(id)+suffix)
		if err == nil {
			err = b.move(ctx, key+suffix, to)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// free is that name, with a number behind it where it is taken.
func (b *Bucket) free(ctx context.Context, key string) (string, error) {
	name := key
	for n := 2; ; n++ {
		is, err := b.there(ctx, name)
		if err != nil || !is {
			return name, err
		}
		name = fmt.Sprintf("%s.%d", key, n)
	}
}

// takeBack puts strays back whose recordings are known and have no blob, and counts them.
func (b *Bucket) takeBack(ctx context.Context, known blob.Known) (returned int, err error) {
	all, err := b.strays(ctx)
	if err != nil {
		return 0, err
	}
	for from := 0; from < len(all); from += perRequest {
		some := all[from:min(len(all), from+perRequest)]
		var ids []recording.ID
		for _, s := range some {
			ids = append(ids, s.id)
		}
		those, _, err := known.Part(ctx, ids)
		if err != nil {
			return returned, err
		}
		have := map[recording.ID]bool{}
		for _, id := range those {
			have[id] = true
		}
		for _, s := range some {
			if !have[s.id] || s.file != string(s.id) && s.file != string(s.id)+refSuffix {
				continue
			}
			put, err := b.putBack(ctx, s)
			if err != nil {
				return returned, err
			}
			returned += put
		}
	}
	return returned, nil
}

// putBack puts a stray back where its recording has no blob; it gives how many it put back.
func (b *Bucket) putBack(ctx context.Context, s stray) (int, error) {
	has, err := b.Has(ctx, s.id)
	if err != nil || has {
		return 0, err
	}
	return 1, b.move(ctx, b.o.Prefix+s.name, b.o.Prefix+string(s.id)[len(s.id)-2:]+"/"+s.file)
}
