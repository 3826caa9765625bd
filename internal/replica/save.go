package replica

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/freeze"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// soil notes items that the snapshot on disk lacks.
func (r *Replica) soil(items []*pb.FeedItem) {
	if r.file == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stale {
		return
	}
	if len(r.dirty)+len(items) > mostDirty {
		r.dirty, r.stale = nil, true
		return
	}
	r.dirty = append(r.dirty, items...)
}

// keepSaving brings the snapshot on disk up to date now and then, until ctx ends.
func (r *Replica) keepSaving(ctx context.Context) {
	if r.file == nil {
		return
	}
	every := time.NewTicker(saveEvery)
	defer every.Stop()
	for {
		select {
		case <-every.C:
			r.save(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// save brings the snapshot on disk up to date. Where it can't be, all is told anew, which tries again.
func (r *Replica) save(ctx context.Context) {
	r.writing.Lock() // while all is told anew, what waits is overtaken
	defer r.writing.Unlock()
	items, at, ok := r.toSave(ctx)
	if !ok {
		return
	}
	err := r.file.save(context.WithoutCancel(ctx), items, at)
	if err == nil && erases(items) {
		err = r.file.compact(context.WithoutCancel(ctx))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && r.fileErr == nil {
		r.o.Logger.ErrorContext(ctx, "the snapshot can't be written; the gate goes on from memory, and tries again",
			"snapshot", r.o.File, "error", err)
	}
	r.fileErr, r.stale = err, r.stale || err != nil
}

// toSave takes what the snapshot on disk lacks. Where it lacks more, it has all told anew, once in a while.
func (r *Replica) toSave(ctx context.Context) (items []*pb.FeedItem, at place, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stale {
		if r.anew != nil && ctx.Err() == nil && time.Since(r.triedAnew) > anewEvery {
			r.triedAnew = time.Now()
			r.anew()
		}
		return nil, at, false
	}
	items, r.dirty = r.dirty, nil
	return items, r.at, r.at.installation != "" && r.known.Load() != nil
}

// erases tells that somebody was erased: then nothing is left in the file of what was deleted.
func erases(items []*pb.FeedItem) bool {
	return slices.ContainsFunc(items, func(item *pb.FeedItem) bool { return item.GetErased() != nil })
}

// rewrite is the snapshot on disk while all is told anew: in one transaction. The keys that name its numbers lie in
// another file, which has those of the snapshot before beside them until the transaction is committed: whenever the gate
// dies, it finds the keys of the snapshot that is there then.
type rewrite struct {
	of  *file
	tx  *sql.Tx
	err error

	keyFile string
	names   *freeze.Names
	// before tells the name keys of the snapshot that is there from others.
	before []byte
}

// beginFile begins to write all anew.
func (r *Replica) beginFile(ctx context.Context, names *freeze.Names) *rewrite {
	w := &rewrite{of: r.file, keyFile: r.o.KeyFile, names: names}
	if w.of == nil {
		return w
	}
	if at, err := w.of.place(ctx); err == nil { // what can't be read needs no keys
		w.before = at.names
	}
	if w.tx, w.err = w.of.db.BeginTx(context.WithoutCancel(ctx), nil); w.err == nil {
		_, w.err = w.tx.ExecContext(ctx, `DELETE FROM items; DELETE FROM place`)
	}
	return w
}

func (w *rewrite) put(ctx context.Context, items []*pb.FeedItem) {
	if w.tx != nil && w.err == nil {
		w.err = put(ctx, w.tx, items)
	}
}

// commit ends it, and says what became of it.
func (w *rewrite) commit(ctx context.Context, at place) error {
	for _, step := range w.steps(ctx, at) {
		if w.tx == nil || w.err != nil {
			break
		}
		w.err = step()
	}
	return w.err
}

// steps are those of commit, between any two of which the gate may die.
func (w *rewrite) steps(ctx context.Context, at place) []func() error {
	return []func() error{
		func() error { return putPlace(ctx, w.tx, at) },
		w.addKeys,
		w.tx.Commit,
		func() error { return ownKeys(w.keyFile, w.names) },
	}
}

// addKeys puts the snapshot's keys beside those of the one that is there.
func (w *rewrite) addKeys() error {
	has, _ := readKeys(w.keyFile) // what can't be read is no use to any
	if len(has) == 1 && has[0].Same(w.names) {
		return nil
	}
	keys := slices.DeleteFunc(has, func(n *freeze.Names) bool {
		return n.Same(w.names) || !bytes.Equal(digestOf(n.Keys()), w.before)
	})
	return writeKeys(w.keyFile, append(keys, w.names)...)
}

// ownKeys drops the keys of another snapshot from the file, where there are any.
func ownKeys(path string, names *freeze.Names) error {
	if has, err := readKeys(path); err != nil || len(has) < 2 {
		return err
	}
	return writeKeys(path, names)
}

// giveUp undoes what was not committed.
func (w *rewrite) giveUp() {
	if w.tx != nil {
		_ = w.tx.Rollback() // after Commit it does nothing
	}
}
