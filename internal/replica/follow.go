package replica

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const (
	// firstPause and longestPause are for how long a gate waits before it asks a server anew that it lost;
	// refusedPause is for one that it doesn't believe, or that refuses it.
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
	refusedPause = 5 * time.Second
	// saveEvery is how often the snapshot on disk is brought up to date.
	saveEvery = 2 * time.Second
	// mostDirty is how many items wait for that; with more, all is told anew.
	mostDirty = 500_000
	// anewEvery is how often all is told anew where the snapshot can't be written.
	anewEvery = time.Minute
)

// digestOf tells name keys from others.
func digestOf(keys [][]byte) []byte {
	h := sha256.New()
	for _, k := range keys {
		h.Write(k)
	}
	return h.Sum(nil)
}

// Run follows the server until ctx ends.
func (r *Replica) Run(ctx context.Context) error {
	done := make(chan struct{})
	defer func() { <-done }()
	go func() {
		defer close(done)
		r.keepSaving(ctx)
	}()
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := r.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		r.lost(ctx, err)
		if time.Since(began) > longestPause {
			pause = firstPause
		}
		wait := pause
		if refused(err) {
			wait = refusedPause
		}
		pause = min(2*pause, longestPause)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	return nil
}

// refused tells that to ask again will not do.
func refused(err error) bool {
	return fault.KindOf(err) == fault.Precondition || errors.Is(err, errItem)
}

// lost notes that the server is not followed any more. It is told once of each reason.
func (r *Replica) lost(ctx context.Context, err error) {
	r.mu.Lock()
	was, before := r.connected, r.problem
	r.connected, r.problem = false, err
	asOf := r.at.asOf
	r.mu.Unlock()
	if !was && before != nil && before.Error() == err.Error() {
		return
	}
	r.o.Logger.ErrorContext(ctx, "the server is not followed any more; what this gate knows is answered on", "as_of", asOf,
		"error", err)
}

// follow follows the server until that fails.
func (r *Replica) follow(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	late := time.AfterFunc(r.o.Silence, cancel)
	defer late.Stop()
	ask, forget := r.ask(cancel)
	stream, err := r.o.Feed.FollowChanges(ctx, ask)
	if err != nil {
		return err
	}
	hear := func() (*pb.FollowChangesResponse, error) {
		late.Reset(r.o.Silence)
		m, err := stream.Recv()
		waited := late.Stop() // what is heard may take longer to be taken over
		switch {
		case err != nil && !waited:
			return nil, fmt.Errorf("nothing was heard of the server for %s", r.o.Silence)
		case errors.Is(err, io.EOF):
			return nil, errors.New("the server ended what was followed")
		case err != nil:
			return nil, err
		}
		return m, nil
	}
	first, err := hear()
	if err != nil {
		return err
	}
	b := first.GetBeginning()
	if b == nil {
		return wrongItem("no beginning")
	}
	if err := r.believe(b, forget); err != nil {
		return err
	}
	if b.GetSnapshot() {
		if err := r.takeAll(ctx, b, hear); err != nil {
			return err
		}
	} else if err := r.sameLines(b); err != nil {
		return err
	}
	return r.goOn(ctx, hear)
}

// ask is what is asked for; forget tells that nothing is believed of what is known.
func (r *Replica) ask(cancel context.CancelFunc) (req *pb.FollowChangesRequest, forget bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.anew = cancel
	if r.known.Load() == nil {
		return &pb.FollowChangesRequest{}, false
	}
	if r.o.AcceptOlder {
		return &pb.FollowChangesRequest{}, true
	}
	req = &pb.FollowChangesRequest{After: r.at.seq, Installation: r.at.installation, NameKeysDigest: r.at.names,
		Head: &pb.LedgerHead{Entries: r.at.head.entries, Mac: r.at.head.mac}}
	if r.stale {
		req.After = 0
	}
	return req, false
}

// believe refuses a server that is another than before, or that forgot what this gate knows: freezes of which it
// knows nothing would be called again.
func (r *Replica) believe(b *pb.FeedBeginning, forget bool) error {
	if b.GetInstallation() == "" {
		return wrongItem("no installation")
	}
	r.mu.Lock()
	at := r.at
	r.mu.Unlock()
	if forget || at.installation == "" {
		return nil
	}
	untrue := func(reason, format string, args ...any) error {
		return &fault.Error{Op: "replica.Follow", Kind: fault.Precondition, Reason: reason,
			Message: fmt.Sprintf(format, args...) + "; what this gate knows is answered on. If it is meant so, restart the " +
				"gate with --accept older-server, and it forgets what it knows"}
	}
	switch {
	case b.GetInstallation() != at.installation:
		return untrue("OTHER_SERVER", "the server is another (%s) than the one that was followed (%s)", b.GetInstallation(),
			at.installation)
	case b.GetHead().GetEntries() < at.head.entries || b.GetLastSequence() < at.seq:
		return untrue("OLDER_SERVER", "the server is older than this gate: its ledger has %d entries and its last change the "+
			"number %d, where they were %d and %d; a backup was put back", b.GetHead().GetEntries(), b.GetLastSequence(),
			at.head.entries, at.seq)
	case at.head.entries > 0 && !bytes.Equal(b.GetMacAtHead(), at.head.mac):
		return untrue("OTHER_LEDGER", "entry %d of the server's ledger is another than this gate heard of: a backup was put "+
			"back, and written to since, or the ledger was sealed anew", at.head.entries)
	}
	return nil
}

// sameLines has all told anew, by the next attempt, where the key is for other lines than what is known: of these
// nothing was told.
func (r *Replica) sameLines(b *pb.FeedBeginning) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Equal(r.at.lines, b.GetLines()) {
		return nil
	}
	r.stale = true
	return errors.New("the key is for other lines than before, so all is asked for anew")
}

// takeAll takes over all that stands, in place of what was known.
func (r *Replica) takeAll(
	ctx context.Context, b *pb.FeedBeginning, hear func() (*pb.FollowChangesResponse, error),
) error {
	names, err := freeze.NewNames(b.GetNameKeys()...)
	if err != nil {
		return wrongItem("%v", err)
	}
	plan, err := planOf(b.GetPlan())
	if err != nil {
		return err
	}
	into := &builder{known: *newKnown(names, plan)}
	at := place{installation: b.GetInstallation(), plan: b.GetPlan(), names: digestOf(names.Keys()), lines: b.GetLines()}
	r.writing.Lock()
	defer r.writing.Unlock()
	disk := r.beginFile(ctx, names)
	defer disk.giveUp()
	for {
		m, err := hear()
		if err != nil {
			return err
		}
		for _, item := range m.GetItems() {
			if err := into.add(ctx, item); err != nil {
				return err
			}
		}
		into.flush() // nobody asks it yet
		disk.put(ctx, m.GetItems())
		if m.GetSequence() == 0 {
			continue
		}
		at.took(m)
		k := into.end()
		if !k.ruled || !k.keyed {
			return wrongItem("all that stands without rules or keys")
		}
		r.begin(k)
		r.o.KeysChanged()
		r.took(at, m)
		r.tookAll(disk.commit(ctx, at))
		r.o.Logger.InfoContext(ctx, "all that stands was told by the server", "sequence", at.seq, "freezes", k.table.Len())
		return nil
	}
}

// begin has all that was told anew answered from.
func (r *Replica) begin(k *known) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.snapshots++
	r.known.Store(k)
}

// took notes how far a message goes.
func (p *place) took(m *pb.FollowChangesResponse) {
	p.seq, p.asOf = m.GetSequence(), m.GetTime().AsTime()
	p.head = head{m.GetHead().GetEntries(), m.GetHead().GetMac()}
}

// took notes how far it is known from a message on.
func (r *Replica) took(at place, m *pb.FollowChangesResponse) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at, r.connected, r.problem = at, true, nil
	r.fresh.Store(&freshness{at.asOf, time.Now()})
	r.offset = m.GetTime().AsTime().Sub(r.o.Now())
}

// tookAll notes what became on disk of all that was told anew.
func (r *Replica) tookAll(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dirty, r.stale, r.fileErr = nil, err != nil, err
	r.o.AcceptOlder = false // what was meant once is not meant for ever
}

// goOn takes over what changes.
func (r *Replica) goOn(ctx context.Context, hear func() (*pb.FollowChangesResponse, error)) error {
	var items []*pb.FeedItem
	for {
		m, err := hear()
		if err != nil {
			return err
		}
		items = append(items, m.GetItems()...)
		if m.GetSequence() == 0 {
			continue
		}
		if err := r.takeSome(ctx, items, m); err != nil {
			return err
		}
		items = nil
	}
}

// takeSome takes over what changed up to a message.
func (r *Replica) takeSome(ctx context.Context, items []*pb.FeedItem, m *pb.FollowChangesResponse) error {
	b := &builder{known: *r.known.Load()}
	for _, item := range items {
		if err := b.add(ctx, item); err != nil {
			return err
		}
	}
	if len(items) > 0 {
		r.known.Store(b.end())
	}
	if b.keysChanged {
		r.o.KeysChanged()
	}
	r.mu.Lock()
	at := r.at
	r.mu.Unlock()
	at.took(m)
	r.soil(items) // first: saved with an earlier place they do no harm, and a place without them would lose them
	r.took(at, m)
	return nil
}
