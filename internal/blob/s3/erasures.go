package s3

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/minio/minio-go/v7"
)

// ErasuresDir is below what, below the prefix, it lies who was erased: an object an erasure, named by its id, so that
// several servers may note some at a time.
const ErasuresDir = "erasures/"

// NoteErasure keeps what tells of an erasure.
func (b *Bucket) NoteErasure(ctx context.Context, id string, text []byte) error {
	if err := b.usable(); err != nil {
		return err
	}
	return b.putText(ctx, b.o.Prefix+ErasuresDir+id, string(text))
}

// EachErasure hands those erasures to visit that are wanted by their ids; nil for none of them.
func (b *Bucket) EachErasure(ctx context.Context, wanted func(id string) bool, visit func(id string, text []byte) error) error {
	if err := b.usable(); err != nil {
		return err
	}
	var ids []string
	err := b.list(ctx, listing{prefix: ErasuresDir, deep: true}, func(name string, _ minio.ObjectInfo) error {
		if id := strings.TrimPrefix(name, ErasuresDir); wanted(id) && visit != nil {
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		text, err := b.get(ctx, b.o.Prefix+ErasuresDir+id)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = visit(id, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
