package replica

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Options say what is followed, and where it is kept. All but File, KeyFile and AcceptOlder are required.
type Options struct {
	// Feed is the server's.
	Feed pb.FeedServiceClient
	// File is the snapshot's, "" for none; KeyFile is where the keys lie that numbers get their names by, without
	// which a snapshot is of no use.
	File, KeyFile string
	// AcceptOlder takes over what the server tells once, though it is older than what the gate knows, or another's.
	AcceptOlder bool
	// Silence is how long nothing may come before the server is asked anew.
	Silence time.Duration
	// KeysChanged is told of other keys. It must be quick.
	KeysChanged func()
	Now         func() time.Time
	Logger      *slog.Logger
}

// Replica is what a gate knows of its server: a gate.Present. It is safe for concurrent use.
type Replica struct {
	o     Options
	known atomic.Pointer[known]
	keys  Keys

	// fresh is how far it is known, for who asks without waiting.
	fresh atomic.Pointer[freshness]

	mu sync.Mutex
	at place
	// offset is by how much the server's clock is ahead of this one.
	offset    time.Duration
	connected bool
	problem   error
	snapshots int
	// dirty are items that the snapshot lacks; stale tells that it lacks more, and is to be made anew.
	dirty   []*pb.FeedItem
	stale   bool
	fileErr error

	file *file
	// writing is held by who writes the snapshot on disk.
	writing sync.Mutex
	// anew ends what is being followed, so that all is told anew, which was tried last at triedAnew.
	anew      context.CancelFunc
	triedAnew time.Time
}

// freshness is how far it is known what happened.
type freshness struct {
	// asOf is the server's time up to which all is known.
	asOf time.Time
	// heard is when the server was heard last, by a clock that nobody sets; zero for never since the start.
	heard time.Time
}

// place is how far a replica has come.
type place struct {
	installation string
	seq          int64
	head         head
	// asOf is the server's time up to which all is known.
	asOf time.Time
	plan *pb.NumberPlan
	// names tells the name keys from others.
	names []byte
	// lines are those that it was told of, in order; none for all.
	lines []string
}

// head is how far the ledger had come.
type head struct {
	entries int64
	mac     []byte
}

// Open opens a replica with what its snapshot knows. A snapshot that can't be used is told of in the log, and
// set aside.
func Open(ctx context.Context, o Options) (*Replica, error) {
	r := &Replica{o: o}
	r.keys.of = r
	if o.File == "" {
		return r, nil
	}
	f, err := openFile(ctx, o.File)
	if err != nil {
		return nil, err
	}
	r.file = f
	r.recall(ctx)
	return r, nil
}

// recall takes over what the snapshot knows.
func (r *Replica) recall(ctx context.Context) {
	names, err := readKeys(r.o.KeyFile)
	if err == nil && len(names) == 0 {
		return // nothing was told yet
	}
	var k *known
	var at place
	if err == nil {
		k, at, err = r.file.load(ctx, names...)
	}
	switch {
	case err != nil:
		r.o.Logger.ErrorContext(ctx, "the snapshot can't be used: nothing is answered until the server tells all anew",
			"snapshot", r.o.File, "error", err)
	case k != nil:
		r.known.Store(k)
		r.at = at
		r.fresh.Store(&freshness{asOf: at.asOf})
		r.o.Logger.InfoContext(ctx, "the snapshot is read", "as_of", at.asOf, "sequence", at.seq,
			"freezes", k.table.Len())
		if err := ownKeys(r.o.KeyFile, k.names); err != nil { // then they go with the next snapshot
			r.o.Logger.WarnContext(ctx, "keys that no snapshot needs could not be removed", "file", r.o.KeyFile, "error", err)
		}
	}
}

// Close closes the snapshot, behind what was told last.
func (r *Replica) Close(ctx context.Context) error {
	if r.file == nil {
		return nil
	}
	r.save(ctx)
	return r.file.close()
}

// Find implements gate.Present.
func (r *Replica) Find(ask gate.Ask, at time.Time) gate.Found {
	if k := r.known.Load(); k != nil {
		return k.table.Find(ask, at)
	}
	return gate.Found{}
}

// FindAll implements gate.Present.
func (r *Replica) FindAll(numbers []number.Number, ask gate.Ask, at time.Time, each func(i int, found *gate.Found)) {
	if k := r.known.Load(); k != nil {
		k.table.FindAll(numbers, ask, at, each)
		return
	}
	var nothing gate.Found
	for i := range numbers {
		each(i, &nothing)
	}
}

// Timeline is which rules were in force since when.
func (r *Replica) Timeline() calls.Timeline {
	if k := r.known.Load(); k != nil {
		return k.timeline
	}
	return calls.Timeline{{RuleSet: calls.Default()}}
}

// Says is what a refusal of the class says in the language, the class's id where nobody told.
func (r *Replica) Says(class string, lang gate.Lang) string {
	k := r.known.Load()
	if k == nil {
		return class
	}
	says := k.says[class][1]
	if lang == gate.Chinese {
		says = k.says[class][0]
	}
	if says == "" {
		return class
	}
	return says
}

// Plan is how numbers are dialled, nil before anything is known. It is another one where it changed.
func (r *Replica) Plan() *number.Plan {
	if k := r.known.Load(); k != nil {
		return &k.plan
	}
	return nil
}

// Keys are those with which the gate may be asked.
func (r *Replica) Keys() *Keys { return &r.keys }

// Active counts the freezes that stand, by reason.
func (r *Replica) Active(now time.Time) map[freeze.Reason]int {
	if k := r.known.Load(); k != nil {
		return k.table.Active(now)
	}
	return nil
}

// Sweep drops what is over.
func (r *Replica) Sweep(now time.Time) {
	if k := r.known.Load(); k != nil {
		k.table.Sweep(now)
	}
}

// State is how a replica is.
type State struct {
	// Loaded tells that anything is known.
	Loaded bool
	// Connected tells that the server is followed.
	Connected bool
	// AsOf is the server's time up to which all is known, and Lag how long that is ago.
	AsOf time.Time
	Lag  time.Duration
	// Sequence is the number of the last change that is known.
	Sequence int64
	// Offset is by how much the server's clock is ahead of this machine's.
	Offset time.Duration
	// Snapshots counts how often all was told anew since the start.
	Snapshots int
	// Problem is why the server can't be followed, nil where it is or was not asked yet.
	Problem error
	// FileProblem is why the snapshot on disk is behind, nil where it isn't.
	FileProblem error
}

// State is how it is now.
func (r *Replica) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := State{Loaded: r.known.Load() != nil, Connected: r.connected, AsOf: r.at.asOf, Sequence: r.at.seq,
		Offset: r.offset, Snapshots: r.snapshots, Problem: r.problem, FileProblem: r.fileErr, Lag: r.Lag()}
	return s
}

// Lag is how long ago all was known that had happened at the server. Before the server was heard it goes by the
// clock, and afterwards by one that nobody sets.
func (r *Replica) Lag() time.Duration {
	f := r.fresh.Load()
	switch {
	case f == nil:
		return 0
	case f.heard.IsZero():
		return max(0, r.o.Now().Sub(f.asOf))
	}
	return time.Since(f.heard)
}

// AsOf is the server's time up to which all is known, the zero time where nothing is.
func (r *Replica) AsOf() time.Time {
	if f := r.fresh.Load(); f != nil {
		return f.asOf
	}
	return time.Time{}
}
