package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// world is a server that is broken again and again, and what it acknowledged to its clients.
type world struct {
	t    *testing.T
	seed uint64
	dir  string
	quit chan struct{}
	// began is before all calls by the rules that were put in force.
	began time.Time
	// busy is held for reading by whoever works with the server, until it knows how that ended.
	busy sync.RWMutex

	mu sync.Mutex
	// server is who answers now; changed is closed when it is another one.
	server  *server
	changed chan struct{}
	// pick chooses who answers where there are several; nil where there is one.
	pick func() *server
	// off is by how much its clock is off.
	off time.Duration
	// fills counts the times that the disk became full or empty: odd is full.
	fills int
	// phones is how many numbers were made.
	phones int
	// acks counts what was acknowledged, by kind.
	acks  map[string]int
	wrong []string

	frozen   *frozen
	hands    *hands
	caps     *caps
	uploads  *uploads
	reviews  *reviews
	versions *versions
	reports  []*reports
}

func newWorld(t *testing.T, seed uint64, dir string) *world {
	w := &world{t: t, seed: seed, dir: dir, quit: make(chan struct{}), changed: make(chan struct{}),
		began: time.Now().Truncate(time.Second),
		acks:  map[string]int{}, frozen: &frozen{holds: map[string]*hold{}}}
	w.hands, w.caps = &hands{world: w}, &caps{world: w}
	w.uploads = &uploads{world: w, known: map[string]*upload{}}
	w.reviews = &reviews{world: w, taken: map[string]bool{}}
	w.versions = &versions{world: w}
	return w
}

// random is a source of chance for one of the parts, the same for the same seed.
func (w *world) random(part uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, part)) }

// phone is a number that nobody else has.
func (w *world) phone(prefix int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phones++
	return fmt.Sprintf("%d%07d", prefix, w.phones)
}

// serve makes another server the one that answers.
func (w *world) serve(s *server) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server = s
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *world) current() (*server, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pick != nil {
		return w.pick(), w.changed
	}
	return w.server, w.changed
}

func (w *world) ack(kind string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acks[kind] += n
}

// acked is how much was acknowledged so far.
func (w *world) acked() (sum int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n := range maps.Values(w.acks) {
		sum += n
	}
	return sum
}

// fail notes what must not be.
func (w *world) fail(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

func (w *world) violations() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.wrong)
}

// filled notes that the disk became full or empty.
func (w *world) filled() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fills++
}

func (w *world) fillings() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fills
}

// errMaybe is for what was not acknowledged: it was done or was not.
var errMaybe = errors.New("not acknowledged")

// errOver is for what the end of the test broke off.
var errOver = errors.New("the test is over")

// patience is how long a client waits for an answer.
const patience = 30 * time.Second

// try asks the server once. Its error is errMaybe where the server went away, can't now or had
// no room, and what the server says otherwise. It waits a little, or for another server, before
// it says errMaybe.
func (w *world) try(ask func(context.Context, *server) error) error {
	fills := w.fillings()
	s, changed := w.current()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	err := ask(apitest.As(ctx, "chaos"), s)
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded, codes.ResourceExhausted:
	case codes.Internal:
		if now := w.fillings(); now == fills && now%2 == 0 {
			return err
		}
	default:
		return err
	}
	select {
	case <-changed:
	case <-w.quit:
		return errOver
	case <-time.After(50 * time.Millisecond):
	}
	return errMaybe
}

// insist asks until there is an answer. Its error is errOver or what the server says.
func (w *world) insist(ask func(context.Context, *server) error) error {
	for {
		if err := w.try(ask); !errors.Is(err, errMaybe) {
			return err
		}
	}
}

// sure asks for what can't be refused, and tells whether it was acknowledged.
func (w *world) sure(kind string, ask func(context.Context, *server) error) bool {
	err := w.insist(ask)
	if err == nil {
		w.ack(kind, 1)
		return true
	}
	if !errors.Is(err, errOver) {
		w.fail("%s: %v", kind, err)
	}
	return false
}

// work has a client do something again and again, until the test is over.
func (w *world) work(rnd *rand.Rand, every time.Duration, do func()) {
	for {
		select {
		case <-w.quit:
			return
		case <-time.After(time.Duration(rnd.Int64N(int64(2 * every)))):
		}
		w.busy.RLock()
		if !w.over() {
			do()
		}
		w.busy.RUnlock()
	}
}

func (w *world) over() bool {
	select {
	case <-w.quit:
		return true
	default:
		return false
	}
}

// hold is a freeze that was acknowledged, and whose release nobody asked for.
type hold struct {
	why string
	at  time.Time
}

// frozen are the numbers that must not be called.
type frozen struct {
	mu    sync.Mutex
	holds map[string]*hold
	list  []string // all that ever were in holds
}

// add notes that a number is frozen.
func (f *frozen) add(number, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.holds[number] == nil {
		f.list = append(f.list, number)
	}
	f.holds[number] = &hold{why, time.Now()}
}

// drop notes, before a release is asked for, that nobody knows any more.
func (f *frozen) drop(number string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.holds, number)
}

func (f *frozen) get(number string) *hold {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.holds[number]
}

func (f *frozen) snapshot() map[string]*hold {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.holds)
}

// some is a number that was frozen at a time, "" where there is none.
func (f *frozen) some(rnd *rand.Rand) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) == 0 {
		return ""
	}
	return f.list[rnd.IntN(len(f.list))]
}

// refused asks about a number that must not be called, in one of three ways.
func (w *world) refused(rnd *rand.Rand, number string) {
	before := w.frozen.get(number)
	if before == nil {
		return
	}
	var allowed bool
	var how string
	way := rnd.IntN(3)
	if w.pick != nil { // whose text doesn't say up to when it knows
		way = rnd.IntN(2)
	}
	err := w.try(func(ctx context.Context, s *server) (err error) {
		switch way {
		case 0:
			how = "CheckNumber"
			resp, err := s.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: number})
			// Of several servers one may be behind by a moment, and says so.
			allowed = resp.GetAnswer().GetAllowed() && (w.pick == nil || resp.GetAsOf().AsTime().After(before.at))
			return err
		case 1:
			how = "ReserveCall"
			resp, err := s.Reserve(ctx, fmt.Sprintf("never-%d", rnd.Uint64()), number)
			allowed = resp.GetAnswer().GetAllowed()
			return err
		}
		how = "GET /check"
		text, err := s.get(ctx, "/check?number="+number)
		allowed = strings.HasPrefix(text, "allowed")
		return err
	})
	switch {
	case errors.Is(err, errMaybe), errors.Is(err, errOver):
	case err != nil:
		w.fail("%s of a frozen number: %v", how, err)
	case allowed && w.frozen.get(number) == before:
		w.fail("%s allows %s, which is frozen: %s", how, number, before.why)
	default:
		w.ack("checks", 1)
	}
}

// allFrozen asks about every number that must not be called, at once.
func (w *world) allFrozen(s *server, holds map[string]*hold) {
	for some := range slices.Chunk(slices.Sorted(maps.Keys(holds)), 1000) {
		ctx, cancel := context.WithTimeout(w.t.Context(), patience)
		stream, err := s.Gate.CheckNumbers(ctx)
		var resp *pb.CheckNumbersResponse
		if err == nil {
			err = errors.Join(stream.Send(&pb.CheckNumbersRequest{Numbers: some}), stream.CloseSend())
		}
		if err == nil {
			resp, err = stream.Recv()
		}
		cancel()
		if err != nil {
			w.fail("check the frozen numbers: %v\n%s", err, s.log.text())
			return
		}
		for i, a := range resp.GetAnswers() {
			if a.GetAllowed() && w.frozen.get(some[i]) == holds[some[i]] {
				w.fail("%s is allowed, which is frozen: %s", some[i], holds[some[i]].why)
			}
		}
	}
}
