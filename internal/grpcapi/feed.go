package grpcapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/figures"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/feed"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/seal"
)

// Feed is what gates that run elsewhere follow.
type Feed struct {
	// AsOf is the moment up to which this server knows what happened.
	AsOf func() time.Time
	// Followed tells how far this server's memory has come, which is told no sooner than that.
	Followed *Followed
	Changes  Changes
	Freezes  FeedFreezes
	Denied   FeedDenied
	// Names name numbers.
	Names *freeze.Names
	// Ledger proves which state this is.
	Ledger FeedLedger
	Uses   FeedUses
	Plan   *pb.NumberPlan
}

// Changes are what was changed, in the order of commits.
type Changes interface {
	// Changes lists up to limit changes behind that with the number after; Precondition CHANGES_GONE where
	// some of them are not kept any more, or there never were so many.
	Changes(ctx context.Context, after int64, limit int) ([]feed.Change, error)
}

// FeedFreezes reads what stands.
type FeedFreezes interface {
	freeze.Reader
	// Each hands on the freezes that f selects, and lets slow visits keep nobody from anything.
	Each(ctx context.Context, f freeze.Filter, visit func(freeze.Freeze) error) error
	// StandingAllows hands on the entries of the allow list that end after a moment.
	StandingAllows(ctx context.Context, at time.Time, visit func(freeze.Allow) error) error
}

// FeedDenied is what rules deny, as this server's memory has it.
type FeedDenied interface {
	Denials(n number.Number) []calls.Denial
	// Denied are the numbers of which something is denied, some repeatedly.
	Denied() []number.Number
}

// FeedLedger tells how far the ledger has come.
type FeedLedger interface {
	LedgerHead(ctx context.Context) (entries int64, head freeze.MAC, err error)
	// Installation is the data directory's id, and the MAC of the ledger's entry with that number, zero where
	// there is none.
	Installation(ctx context.Context, entry int64) (id string, mac freeze.MAC, err error)
}

// FeedUses keep what gates tell of what they answered.
type FeedUses interface {
	AddGateCounts(ctx context.Context, more map[figures.GateCount]int64) error
	// NoteUse notes when tokens, by their prefixes, were used last.
	NoteUse(ctx context.Context, used map[string]time.Time) error
}

type feedServer struct {
	pb.UnimplementedFeedServiceServer
	Deps
}

const (
	// feedBeat is how often a message comes where nothing changes.
	feedBeat = 250 * time.Millisecond
	// feedRest is for how long changes are gathered: so each gate reads them some fifty times a second at most.
	feedRest = 20 * time.Millisecond
	// feedItems is how many items a message has at most, and how many changes are read at once.
	feedItems = 500
)

// FollowChanges implements the API.
func (s *feedServer) FollowChanges(
	req *pb.FollowChangesRequest, stream grpc.ServerStreamingServer[pb.FollowChangesResponse],
) error {
	ctx := stream.Context()
	who, _ := access.Of(ctx)
	f := &following{feedServer: s, stream: stream, lines: who.Lines, who: who}
	if err := f.begin(ctx, req); err != nil {
		return err
	}
	for {
		if err := f.goOn(ctx); err != nil {
			return err
		}
		if err := f.rest(ctx); err != nil {
			return err
		}
	}
}

// following is a gate that follows.
type following struct {
	*feedServer

	stream grpc.ServerStreamingServer[pb.FollowChangesResponse]
	who    access.Principal
	lines  []string
	// told is the number of the last change that it knows, renewed and lexicon what rules and lexicon it was told.
	told    int64
	renewed int64
	lexicon string
	items   []*pb.FeedItem
}

// begin says what is followed, and tells all that stands where the gate doesn't know it.
func (f *following) begin(ctx context.Context, req *pb.FollowChangesRequest) error {
	b := &pb.FeedBeginning{NameKeys: f.Feed.Names.Keys(), Plan: f.Feed.Plan, Lines: slices.Sorted(slices.Values(f.lines))}
	seq, renewed, _ := f.Feed.Followed.at()
	var err error
	if b.Installation, b.Head, b.MacAtHead, err = f.ledgerAt(ctx, req.GetHead()); err != nil {
		return err
	}
	b.LastSequence = seq
	b.Snapshot = req.GetAfter() <= 0 || req.GetAfter() > seq || req.GetInstallation() != b.Installation ||
		!bytes.Equal(req.GetNameKeysDigest(), digestOf(b.NameKeys))
	if !b.Snapshot && req.GetAfter() < seq {
		_, err := f.Feed.Changes.Changes(ctx, req.GetAfter(), 1)
		if fault.ReasonOf(err) == "CHANGES_GONE" {
			b.Snapshot, err = true, nil
		}
		if err != nil {
			return err
		}
	}
	if err := f.stream.Send(&pb.FollowChangesResponse{Beginning: b}); err != nil {
		return err
	}
	f.renewed = -1 // the rules are told in any case: what they deny may be counted anew since
	if b.Snapshot {
		return f.snapshot(ctx, seq, renewed)
	}
	f.told = req.GetAfter()
	return f.add(f.keys(ctx))
}

// digestOf tells name keys from others.
func digestOf(keys [][]byte) []byte {
	h := sha256.New()
	for _, k := range keys {
		h.Write(k)
	}
	return h.Sum(nil)
}

// ledgerAt says whose ledger this is, how far it has come, and what its entry is that the gate knows.
func (f *following) ledgerAt(
	ctx context.Context, known *pb.LedgerHead,
) (id string, head *pb.LedgerHead, mac []byte, err error) {
	id, at, err := f.Feed.Ledger.Installation(ctx, known.GetEntries())
	if err != nil {
		return "", nil, nil, err
	}
	if at != (freeze.MAC{}) {
		mac = at[:]
	}
	head, err = f.head(ctx)
	return id, head, mac, err
}

func (s *feedServer) head(ctx context.Context) (*pb.LedgerHead, error) {
	entries, head, err := s.Feed.Ledger.LedgerHead(ctx)
	if err != nil {
		return nil, err
	}
	out := &pb.LedgerHead{Entries: entries}
	if entries > 0 {
		out.Mac = head[:]
	}
	return out, nil
}

// snapshot tells all that stands as it was at the change seq; of what changes meanwhile some may be in it, and
// is told again behind it.
func (f *following) snapshot(ctx context.Context, seq, renewed int64) error {
	now := f.Now()
	err := f.Feed.Freezes.Each(ctx, freeze.Filter{Now: now}, func(x freeze.Freeze) error {
		return f.add(f.freeze(x), nil)
	})
	if err != nil {
		return err
	}
	var allows []freeze.Allow // few, and a reader of the database must not wait for the gate
	err = f.Feed.Freezes.StandingAllows(ctx, now, func(a freeze.Allow) error {
		allows = append(allows, a)
		return nil
	})
	if err != nil {
		return err
	}
	for _, a := range allows {
		if err := f.add(f.allowance(a), nil); err != nil {
			return err
		}
	}
	if err := f.add(f.keys(ctx)); err != nil {
		return err
	}
	f.told = seq
	return f.rules(ctx, renewed)
}

// goOn tells what changed since, and that all is told.
func (f *following) goOn(ctx context.Context) error {
	at := f.Feed.AsOf() // before what is told
	seq, renewed, _ := f.Feed.Followed.at()
	for f.told < seq {
		if err := f.changes(ctx, seq); err != nil {
			return err
		}
	}
	if renewed != f.renewed {
		if err := f.rules(ctx, renewed); err != nil {
			return err
		}
	}
	if err := f.add(f.classes(), nil); err != nil {
		return err
	}
	head, err := f.head(ctx)
	if err != nil {
		return err
	}
	return f.send(&pb.FollowChangesResponse{Sequence: f.told, Time: timestamppb.New(at), Head: head})
}

// changes tells some of the changes up to the number seq.
func (f *following) changes(ctx context.Context, seq int64) error {
	found, err := f.Feed.Changes.Changes(ctx, f.told, feedItems)
	if err != nil { // what is not kept any more, the gate has told anew when it asks again
		return err
	}
	for i, c := range found {
		if c.Seq > seq {
			found = found[:i]
			break
		}
	}
	if len(found) == 0 {
		f.told = seq
		return nil
	}
	if err := f.tell(ctx, found); err != nil {
		return err
	}
	f.told = found[len(found)-1].Seq
	return nil
}

// tell tells of changes how things are by now: what became of one later is told again.
func (f *following) tell(ctx context.Context, changes []feed.Change) error {
	var freezes []freeze.ID
	var allows []freeze.AllowID
	var denied []number.Number
	keys := false
	for _, c := range changes {
		switch c.Kind {
		case feed.Freeze:
			freezes = append(freezes, freeze.ID(c.ID))
		case feed.Allow:
			allows = append(allows, freeze.AllowID(c.ID))
		case feed.Denials:
			if !c.Number.IsZero() { // else he was erased since, which is told then
				denied = append(denied, c.Number)
			}
		case feed.Erased:
			f.erased(c)
		case feed.Access:
			keys = true
		case feed.Rules, feed.Lexicon, feed.Recording, feed.Suspect: // the first two are told once they are in force
		}
	}
	if err := f.tellFreezes(ctx, freezes, allows); err != nil {
		return err
	}
	for _, n := range denied {
		if err := f.add(f.denials(n), nil); err != nil {
			return err
		}
	}
	if keys {
		return f.add(f.keys(ctx))
	}
	return nil
}

func (f *following) tellFreezes(ctx context.Context, ids []freeze.ID, allowIDs []freeze.AllowID) error {
	if len(ids) > 0 {
		found, err := f.Feed.Freezes.Freezes(ctx, freeze.Query{IDs: ids})
		if err != nil {
			return err
		}
		for _, x := range found {
			if err := f.add(f.freeze(x), nil); err != nil {
				return err
			}
		}
	}
	if len(allowIDs) == 0 {
		return nil
	}
	found, err := f.Feed.Freezes.Allows(ctx, freeze.AllowQuery{IDs: allowIDs})
	if err != nil {
		return err
	}
	for _, a := range found {
		if err := f.add(f.allowance(a), nil); err != nil {
			return err
		}
	}
	return nil
}

// erased has it told that nothing is denied any more of who was erased: by his name, or where an older program
// wrote none down with all that is denied.
func (f *following) erased(c feed.Change) {
	out := &pb.FeedErased{}
	if name, err := seal.ParseMAC(c.ID); err == nil {
		out.Name = name[:]
	} else {
		f.renewed = -1
	}
	f.items = append(f.items, &pb.FeedItem{Item: &pb.FeedItem_Erased{Erased: out}})
}

// rules tells the rules, and behind them all that they deny.
func (f *following) rules(ctx context.Context, renewed int64) error {
	history, err := f.Rules.History(ctx)
	if err != nil {
		return err
	}
	out := &pb.FeedRules{}
	for _, v := range history {
		out.Versions = append(out.Versions, &pb.FeedRuleVersion{Id: v.ID, Version: v.Version, Source: v.Source,
			Actor: v.Actor, ActivateTime: timestamppb.New(v.At)})
	}
	if err := f.add(&pb.FeedItem{Item: &pb.FeedItem_Rules{Rules: out}}, nil); err != nil {
		return err
	}
	seen := map[number.Number]bool{}
	for _, n := range f.Feed.Denied.Denied() {
		if seen[n] {
			continue
		}
		seen[n] = true
		if err := f.add(f.denials(n), nil); err != nil {
			return err
		}
	}
	f.renewed = renewed
	return nil
}

// add tells of an item, nil for none, once there are enough for a message.
func (f *following) add(item *pb.FeedItem, err error) error {
	if err != nil || item == nil {
		return err
	}
	f.items = append(f.items, item)
	if len(f.items) < feedItems {
		return nil
	}
	return f.send(&pb.FollowChangesResponse{})
}

func (f *following) send(m *pb.FollowChangesResponse) error {
	m.Items, f.items = f.items, nil
	return f.stream.Send(m)
}

// rest waits until something changes, or it is time to say that nothing did.
func (f *following) rest(ctx context.Context) error {
	if err := f.wait(ctx, nil, feedRest); err != nil {
		return err
	}
	seq, renewed, changed := f.Feed.Followed.at()
	if seq > f.told || renewed != f.renewed {
		return nil
	}
	return f.wait(ctx, changed, feedBeat)
}

func (f *following) wait(ctx context.Context, changed <-chan struct{}, most time.Duration) error {
	late := time.NewTimer(most)
	defer late.Stop()
	select {
	case <-changed:
	case <-late.C:
	case <-ctx.Done():
		return ctx.Err()
	case <-f.Stopping: // a gate follows for months
		return stopping("feed.Follow", "follow again")
	}
	return nil
}
