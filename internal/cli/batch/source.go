package batch

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/archive"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/naming"
	"github.com/refrain-asr/refrain/internal/cli/upload"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// source is where the calls come from.
type source interface {
	// calls gives all calls in an order that is the same each time, until yield returns false or ctx ends.
	calls(ctx context.Context, b *batch, yield func(*call) bool) error
	// bytes is the sum of the calls' weights, roughly.
	bytes(ctx context.Context) int64
	// notAudio is how many files were no recordings so far.
	notAudio() int
}

// walked are the calls in files, folders and archives.
type walked struct {
	*archive.Walker
	read    naming.Reader // nil where names say nothing
	skipped atomic.Int64
}

func newWalked(paths []string, names *naming.Flags) (*walked, error) {
	read, err := names.Reader()
	if err != nil {
		return nil, err
	}
	w := &walked{read: read}
	w.Walker, err = archive.New(paths, archive.Options{Together: w.together})
	if err != nil {
		return nil, usage.Errorf("%v", err)
	}
	return w, nil
}

// together is the same for the two sides of a call.
func (w *walked) together(name string) string {
	if w.read == nil {
		return ""
	}
	f, err := w.read(name)
	if err != nil || f.Side == naming.Both || f.CallID == "" {
		return ""
	}
	return f.CallID + "\x00" + f.Part
}

func (w *walked) bytes(ctx context.Context) int64 { return w.Bytes(ctx) }

func (w *walked) notAudio() int { return int(w.skipped.Load()) }

func (w *walked) calls(ctx context.Context, b *batch, yield func(*call) bool) error {
	defer func() { w.skipped.Store(int64(w.NotAudio)) }()
	return w.Walk(ctx, func(items []*archive.Item) bool {
		for _, c := range w.assemble(b, items) {
			if !yield(c) {
				return false
			}
		}
		return true
	})
}

// assemble makes calls of recordings that come together.
func (w *walked) assemble(b *batch, items []*archive.Item) (calls sheaf) {
	for _, i := range items {
		c := &call{item: i, err: i.Err}
		if w.read != nil && i.Err == nil {
			var err error
			if c.facts, err = w.read(i.Name()); err != nil {
				b.unnamed(i, err)
			}
		}
		calls = append(calls, c)
	}
	if len(calls) == 2 && calls[0].err == nil && calls[1].err == nil {
		if calls[0].facts.Side == naming.Agent && calls[1].facts.Side == naming.Customer {
			calls[0], calls[1] = calls[1], calls[0]
		}
		if calls[0].facts.Side == naming.Customer && calls[1].facts.Side == naming.Agent {
			calls[0].agent = calls[1].item
			return calls[:1]
		}
	}
	for _, c := range calls {
		if c.err == nil && c.facts.Side == naming.Agent {
			c.err = errOnlyAgent
		}
	}
	return calls
}

// unnamed notes a recording whose name says nothing. It is heard all the same.
func (b *batch) unnamed(i *archive.Item, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sums.Unnamed++; b.sums.Unnamed <= console.MaxErrors {
		b.Errorf("%s: %v; it is heard all the same", i, err)
	}
}

// listed are the calls of a manifest.
type listed struct {
	recordings []upload.Recording
	zone       *time.Location
}

func newListed(path string, names *naming.Flags, tables *upload.Manifests) (*listed, error) {
	zone, err := names.Location()
	if err != nil {
		return nil, err
	}
	recordings, err := tables.Read(path, &pb.RecordingMetadata{})
	return &listed{recordings, zone}, err
}

func (l *listed) bytes(context.Context) (total int64) {
	for _, r := range l.recordings {
		total += size(r.Path)
	}
	return total
}

func (l *listed) notAudio() int { return 0 }

func (l *listed) calls(ctx context.Context, _ *batch, yield func(*call) bool) error {
	for _, r := range l.recordings {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := size(r.Path)
		item := &archive.Item{File: r.Path, Size: n, Weight: n, Err: r.Err}
		if r.Path == "" {
			item.File = r.File
		}
		m := r.Meta
		c := &call{item: item, err: r.Err, channel: channels[m.GetCustomerChannel()],
			answered: m.GetAnswerOffset().AsDuration(), facts: naming.Facts{CallID: m.GetCallId(), Part: m.GetPart(),
				Number: m.GetNumber(), Agent: m.GetAgent(), Line: m.GetLine(), Source: m.GetSource()}}
		if m.GetStartTime() != nil {
			c.facts.Start = m.GetStartTime().AsTime().In(l.zone)
		}
		if !yield(c) {
			return nil
		}
	}
	return nil
}
