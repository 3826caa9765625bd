package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/blob/s3"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/jobs"
	"github.com/refrain-asr/refrain/internal/store"
)

// Migration says what Migrate moves. It goes to where the configuration says.
type Migration struct {
	// From is the data directory, whose server must not run.
	From string
	// AtOnce is how many rows, and files, are between two moments from which it is gone on with; 0 for as many as is quick.
	AtOnce int
	// Progress is told of each step how far it has come; nil for nobody.
	Progress func(step string, done, whole int64)
}

// Migrated is what Migrate did.
type Migrated struct {
	// Checked is what was found in the target at the end.
	store.Checked
	// Database and Bucket name where it is now; Bucket is "" where audio lies in a directory.
	Database, Bucket string
	// Files of audio were moved by this call, Sampled how many of all were read back.
	Files, Sampled int64
	// Waiting is how many recordings had an attempt before them that a queue wakes.
	Waiting int
	// Before tells that all of it was moved by an earlier call, and nothing was left to do.
	Before bool
	// Doubts say which audio is missing or damaged in the source: it is missing, or as damaged, now.
	Doubts []string
}

// Migrate moves a data directory of a server that is stopped to the configured database of PostgreSQL, bucket and
// data directory. The source is only read, but that it is marked at the end: no server starts on it then. It is
// gone on with by another call after it was broken off, at whatever moment.
func Migrate(ctx context.Context, cfg config.Config, m Migration, o Options) (done Migrated, err error) {
	if m.Progress == nil {
		m.Progress = func(string, int64, int64) {}
	}
	mv := &migration{cfg: cfg, Migration: m, log: o.Logger, now: o.Now}
	if mv.AtOnce <= 0 {
		mv.atOnce = filesNoted
	} else {
		mv.atOnce = mv.AtOnce
	}
	if mv.now == nil {
		mv.now = time.Now
	}
	defer func() {
		for _, undo := range mv.closers {
			err = errors.Join(err, undo())
		}
	}()
	for _, step := range []func(context.Context) error{mv.check, mv.lock, mv.look, mv.open, mv.rows, mv.prepare, mv.openAudio,
		mv.audio, mv.queue, mv.verify, mv.finish} {
		if err := step(ctx); err != nil {
			return mv.done, err
		}
		if mv.done.Before {
			break
		}
	}
	return mv.done, nil
}

// migration is a data directory on its way.
type migration struct {
	Migration

	cfg      config.Config
	log      *slog.Logger
	now      func() time.Time
	source   datadir.Facts
	target   datadir.Facts
	keys     freeze.Keys
	is       *datadir.Database
	move     *store.Move
	bucket   *s3.Bucket
	cipher   *blob.Cipher
	sample   sample
	done     Migrated
	closers  []func() error
	bucketID string
	atOnce   int
}

// check refuses what can't be moved to.
func (mv *migration) check(context.Context) error {
	if err := mv.cfg.Validate(); err != nil {
		return fmt.Errorf("the configuration is wrong:\n%w", err)
	}
	if mv.cfg.Database.URL == "" {
		return &fault.Error{Kind: fault.Invalid, Reason: "NO_TARGET", Message: "the configuration names no database of PostgreSQL: " +
			"give the settings of the server as it is to be (database.url, audio.s3, and a new directory as data)"}
	}
	if _, err := os.Stat(filepath.Join(mv.From, datadir.DBFile)); err != nil {
		return fmt.Errorf("there is no data directory to be moved: %w", err)
	}
	from, err := filepath.EvalSymlinks(mv.From)
	if err != nil {
		return err
	}
	if to, err := filepath.EvalSymlinks(mv.cfg.Data); err == nil {
		a, errA := os.Stat(from)
		b, errB := os.Stat(to)
		if err := errors.Join(errA, errB); err != nil {
			return err
		}
		if os.SameFile(a, b) {
			return &fault.Error{Kind: fault.Invalid, Reason: "SAME_DIRECTORY", Message: "the data directory to be moved and the " +
				"configured one are the same (" + mv.From + "): the source stays as it is, so name a new directory as data"}
		}
	}
	return nil
}

func (mv *migration) lock(context.Context) error {
	for _, dir := range []string{mv.From, mv.cfg.Data} {
		unlock, err := datadir.Lock(dir)
		if err != nil {
			return err
		}
		mv.closers = append(mv.closers, func() error { unlock(); return nil })
	}
	return nil
}

// look refuses a source that no server would start on, and a target that belongs to something else.
func (mv *migration) look(ctx context.Context) (err error) {
	of := mv.cfg
	of.Data = mv.From
	if mv.source, err = lookAt(ctx, of); err != nil {
		return err
	}
	if mv.is, err = described(ctx, mv.source, mv.source.Path(datadir.DBFile)); err != nil {
		return err
	}
	facts := mv.source
	if facts.Moved != nil && facts.Moved.Database == mv.cfg.Database.String() {
		facts.Moved = nil // by an earlier call, which did not end
	}
	found, err := datadir.Judge(facts, mv.is)
	if err != nil {
		return err
	}
	if _, err := datadir.Refuse(found, nil); err != nil {
		return err
	}
	if mv.source.State == nil || mv.is == nil || mv.is.Directory == "" || mv.source.Secrets == nil {
		return fmt.Errorf("%s doesn't say what it is: start and stop 'refrain serve' of this program on it once", mv.From)
	}
	if mv.keys, err = mv.source.Keys(); err != nil {
		return err
	}
	if mv.is.Key != mv.keys.ID() {
		return fmt.Errorf("%s holds another generation of its key than its database: start and stop 'refrain serve' on it once, "+
			"which goes on with the rotation", mv.From)
	}
	return mv.lookAtTarget(ctx)
}

func (mv *migration) lookAtTarget(ctx context.Context) (err error) {
	if mv.target, err = lookAt(ctx, mv.cfg); err != nil {
		return err
	}
	other := func(why string) error {
		return &fault.Error{Kind: fault.Precondition, Reason: "OTHER_DIRECTORY", Message: mv.cfg.Data + " can't be the data " +
			"directory of what is moved: " + why + ". Name a new one (data)"}
	}
	keys, err := mv.target.Keys()
	if err != nil {
		return err
	}
	switch s := mv.target.State; {
	case !mv.target.NoDatabase():
		return other("a database lies in it")
	case s != nil && s.ID != mv.source.State.ID:
		return other("it belongs to the database of another one (" + s.ID + ")")
	case mv.target.Secrets != nil && keys.ID() != mv.keys.ID():
		return other("another ledger.key lies in it")
	}
	return nil
}

func (mv *migration) open(ctx context.Context) error {
	url, err := mv.cfg.Database.Connection(ctx)
	if err != nil {
		return err
	}
	mv.move, err = store.OpenMove(ctx, store.MoveOptions{From: mv.source.Path(datadir.DBFile), URL: url, Keys: mv.keys, AtOnce: mv.AtOnce,
		Progress: func(table string, done, whole int64) { mv.Progress("rows of "+table, done, whole) }})
	if err != nil {
		return err
	}
	mv.closers = append([]func() error{mv.move.Close}, mv.closers...)
	mv.done.Database = mv.cfg.Database.String()
	if !mv.move.Done() {
		return nil
	}
	if mv.source.Moved == nil { // a move marks it before it ends
		return &fault.Error{Kind: fault.Precondition, Reason: store.NotEmptyReason, Message: "the database has all of this already, and " +
			"the directory was used on since (--accept moved-away): nothing is put over what is there. Name an empty database"}
	}
	mv.done.Before = true
	return nil
}

func (mv *migration) rows(ctx context.Context) error { return mv.move.Rows(ctx) }

// prepare makes the data directory beside the database: what it is, its key, and whom it has erased.
func (mv *migration) prepare(context.Context) error {
	if mv.target.Secrets == nil {
		if err := datadir.WriteKey(mv.target.Path(datadir.KeyFile), mv.source.Secrets...); err != nil {
			return err
		}
	}
	if mv.target.State == nil {
		s := *mv.source.State
		s.Schema = mv.move.Source().Schema
		if err := datadir.WriteState(mv.cfg.Data, s); err != nil {
			return err
		}
	}
	erased, err := datadir.ReadErasures(mv.source.Path(datadir.ErasuresFile), nil)
	if err != nil {
		return err
	}
	_, err = datadir.MergeErasures(mv.cfg.Data, erased)
	return err
}

// queue has what waits in the source wait in the target.
func (mv *migration) queue(ctx context.Context) error {
	paused, err := mv.move.Recordings().Paused(ctx)
	if err != nil {
		return err
	}
	mv.done.Waiting = len(paused)
	return jobs.Requeue(ctx, mv.move.Writer(), mv.move.Listener(), paused, mv.log)
}

func (mv *migration) verify(ctx context.Context) (err error) {
	mv.Progress("verifying", 0, 0)
	if mv.done.Checked, err = mv.move.Verify(ctx); err != nil {
		return err
	}
	mv.checkSample(ctx)
	if len(mv.done.Wrong) > 0 {
		return &fault.Error{Kind: fault.Precondition, Reason: "MOVED_WRONG", Message: "what is in the target is not what was in the " +
			"source, which stays in use: " + strings.Join(mv.done.Wrong, "; ") + ". If the source verifies ('refrain freeze " +
			"verify', 'refrain audit verify'), drop the database, make it anew, and run this again"}
	}
	return nil
}

// finish lets servers have the target, and none the source: that first, so that there are never two.
func (mv *migration) finish(ctx context.Context) error {
	head := datadir.Head{Entries: mv.move.Source().Entries, MAC: mv.move.Source().Head}
	notebook, err := datadir.OpenNotebook(mv.cfg.Data, head)
	if err != nil {
		return err
	}
	if err := notebook.Close(); err != nil {
		return err
	}
	if mv.bucket != nil {
		if err := mv.bucket.NoteHead(ctx, head.Text()); err != nil {
			return err
		}
		if err := datadir.NoteBucket(mv.cfg.Data, mv.bucketID); err != nil {
			return err
		}
	}
	if err := mv.mark(); err != nil {
		return err
	}
	mv.Progress("ending", 0, 0)
	return mv.move.Finish(ctx)
}

func (mv *migration) mark() error {
	if mv.source.Moved != nil {
		return nil
	}
	dir, err := filepath.Abs(mv.cfg.Data)
	if err != nil {
		return err
	}
	return datadir.MarkMoved(mv.From, datadir.Moved{Database: mv.cfg.Database.String(), Directory: dir,
		At: mv.now().UTC().Truncate(time.Second)})
}
