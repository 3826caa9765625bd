package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/refrain-asr/refrain/internal/cli/batch/journal"
	"github.com/refrain-asr/refrain/internal/cli/batch/record"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/hearing"
)

// batch is one run of refrain batch.
type batch struct {
	*console.Console
	o       *options
	source  source
	hearer  *hearing.Hearer
	made    made
	journal *journal.Journal
	errors  *errorFile
	sums    *sums
	room    *semaphore.Weighted // for calls that are read side by side

	mu sync.Mutex // guards what is told of progress
}

// errStopped ends a run that was told to stop.
var errStopped = errors.New("stopped")

// run hears what there is to be heard, and writes the tables.
func run(ctx context.Context, c *console.Console, o *options, args []string) (err error) {
	out, err := outputs(o.out)
	if err != nil {
		return err
	}
	src, err := o.source(args)
	if err != nil {
		return err
	}
	setup, err := hearing.Configure(c, o.hearing)
	if err != nil {
		return err
	}
	j, err := journal.Open(out.journal, record.Mark)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	b := &batch{Console: c, o: o, source: src, journal: j, sums: newSums(c.Now)}
	if b.errors, err = newErrorFile(out.errors); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.errors.close()) }()
	if b.hearer, err = setup.Start(ctx, o.engine); err != nil {
		return err
	}
	defer b.hearer.Close()
	if b.made, err = b.settings(ctx); err != nil {
		return err
	}
	err = b.all(ctx)
	if errors.Is(err, errStopped) {
		return b.stopped(out)
	}
	if err == nil {
		err = out.write(j)
	}
	if err == nil {
		err = b.summary()
	}
	if err != nil {
		return err
	}
	return console.Failures(b.sums.failed, b.sums.all())
}

// stopped tells how to go on.
func (b *batch) stopped(out outFiles) error {
	return fmt.Errorf("interrupted: %d calls are kept in %s; run the same command again to go on", b.journal.Len(), out.journal)
}

// jobs is how many sheaves are in work at once.
func (b *batch) jobs() int {
	if b.o.jobs > 0 {
		return b.o.jobs
	}
	return b.hearer.Traits.Parallel + 1 // while the last words of one are heard, others are read
}

// size is how many calls a sheaf has.
func (b *batch) size() int {
	if b.hearer.Shares {
		return sheafSize
	}
	return 1
}

// all works on all calls. It returns errStopped where ctx ended it; what had been begun was kept then.
func (b *batch) all(ctx context.Context) error {
	jobs := b.jobs()
	b.room = semaphore.NewWeighted(int64(jobs + 1))
	p := b.newProgress(ctx)
	defer p.end()
	whole, cancel := context.WithCancel(context.WithoutCancel(ctx)) // what is begun is ended
	defer cancel()
	unwarn := context.AfterFunc(ctx, func() {
		b.Errorf("stopping once the calls in flight are kept; press Ctrl-C again to stop at once, which loses them")
	})
	defer unwarn()
	work, inner := errgroup.WithContext(whole)
	sheaves := make(chan sheaf)
	for range jobs {
		work.Go(func() error {
			for s := range sheaves {
				if err := b.work(inner, s, p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := b.feed(ctx, inner, sheaves)
	close(sheaves)
	err = errors.Join(work.Wait(), err)
	if ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return errStopped
	}
	return err
}

// feed binds the calls into sheaves, until ctx ends or the work fails.
func (b *batch) feed(ctx, work context.Context, sheaves chan<- sheaf) error {
	size := b.size()
	var next sheaf
	give := func() bool {
		select {
		case sheaves <- next:
			next = nil
			return true
		case <-work.Done():
		case <-ctx.Done():
		}
		next.release()
		next = nil
		return false
	}
	err := b.source.calls(ctx, b, func(c *call) bool {
		c.place = len(next)
		next = append(next, c)
		return len(next) < size || give()
	})
	if err == nil && len(next) > 0 {
		give()
	}
	next.release()
	return err
}

func (s sheaf) release() {
	for _, c := range s {
		c.release()
	}
}

// work does all there is to do for a sheaf.
func (b *batch) work(ctx context.Context, s sheaf, p *progress) error {
	defer s.release()
	missing, there, retold := b.sort(ctx, s)
	news, err := b.hear(ctx, missing, there)
	if err != nil {
		return err
	}
	for _, c := range retold {
		if err := b.retell(c); err != nil {
			return err
		}
	}
	news = inOrder(append(news, retold...))
	var lines [][]byte
	for _, c := range news {
		if c.err == nil {
			lines = append(lines, c.line)
		}
	}
	if err := b.journal.Append(lines...); err != nil {
		return err
	}
	for _, c := range news {
		if c.err != nil {
			if err := b.errors.add(c); err != nil {
				return err
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range s {
		b.sums.add(c)
		if c.err != nil {
			p.hide()
			b.Errorf("%s: %v", c.item, c.err)
		}
	}
	p.add(s)
	return nil
}
