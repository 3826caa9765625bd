package chaos_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/testcall"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// mostWaiting is how many recordings may wait to be heard: the machine is to be kept busy, and
// not to work on for hours after the last fault.
const mostWaiting = 8

// uploads are recordings that were acknowledged.
type uploads struct {
	*world
	mu    sync.Mutex
	known map[string]*upload // by call id
}

type upload struct{ call, number, name, sum string }

// files are calls that refuse, and one that doesn't.
var files = []string{"02-not-listening.wav", "04-complaint.wav", "06-busy.wav"}

// body is a recording that nobody else has.
func (u *uploads) body(number string, rnd *rand.Rand) []byte {
	wav, err := os.ReadFile(testcall.Spoken(files[rnd.IntN(len(files))]))
	require.NoError(u.t, err)
	sum := sha256.Sum256([]byte(number))
	for i := range 8 { // the lowest bits of the last samples
		at := len(wav) - 16 + 2*i
		bits := binary.LittleEndian.Uint16(wav[at:])&^7 | uint16(sum[i]&7)
		binary.LittleEndian.PutUint16(wav[at:], bits)
	}
	return wav
}

// once uploads a recording until it is acknowledged, or breaks off in the middle.
func (u *uploads) once(rnd *rand.Rand) {
	waiting := 0
	if err := u.try(func(ctx context.Context, s *server) error {
		resp, err := s.Recordings.ListRecordings(ctx, &pb.ListRecordingsRequest{
			State: pb.Recording_STATE_QUEUED, PageSize: mostWaiting})
		waiting = len(resp.GetRecordings())
		return err
	}); err != nil || waiting >= mostWaiting {
		return
	}
	number := u.phone(1370)
	up := &upload{call: "up-" + number, number: number}
	wav := u.body(number, rnd)
	up.sum = apitest.Sum(wav)
	m := &pb.RecordingMetadata{CallId: up.call, Number: number, Sha256: up.sum,
		CustomerChannel: pb.Channel_CHANNEL_RIGHT, RequestId: up.call}
	if rnd.IntN(8) == 0 {
		u.half(m, wav)
		return
	}
	if !u.sure("uploads", func(ctx context.Context, s *server) error {
		resp, err := s.Upload(ctx, m, bytes.NewReader(wav))
		up.name = resp.GetRecording().GetName()
		return err
	}) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.known[up.call] = up
}

// snapshot is what was acknowledged so far.
func (u *uploads) snapshot() []*upload {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Collect(maps.Values(u.known))
}

// half breaks an upload off, which must leave nothing.
func (u *uploads) half(m *pb.RecordingMetadata, wav []byte) {
	m.CallId = strings.Replace(m.GetCallId(), "up-", "half-", 1)
	s, _ := u.current()
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	stream, err := s.Recordings.UploadRecording(ctx)
	if err != nil {
		return
	}
	meta := &pb.UploadRecordingRequest_Metadata{Metadata: m}
	chunk := &pb.UploadRecordingRequest_Chunk{Chunk: wav[:len(wav)/2]}
	if stream.Send(&pb.UploadRecordingRequest{Payload: meta}) == nil {
		_ = stream.Send(&pb.UploadRecordingRequest{Payload: chunk})
	}
}

// all lists the recordings that the server has.
func (u *uploads) all(s *server, state pb.Recording_State) (list []*pb.Recording) {
	req := &pb.ListRecordingsRequest{State: state, PageSize: 1000}
	for {
		page, err := s.Recordings.ListRecordings(u.t.Context(), req)
		require.NoError(u.t, err)
		list = append(list, page.GetRecordings()...)
		if req.PageToken = page.GetNextPageToken(); req.PageToken == "" {
			return list
		}
	}
}

// verify holds the recordings against the model: each is there once, with its bytes, and heard,
// waiting, or parked with a reason.
func (u *uploads) verify(s *server, dir string) {
	there := map[string]*pb.Recording{}
	for _, r := range u.all(s, pb.Recording_STATE_UNSPECIFIED) {
		if there[r.GetCallId()] != nil {
			u.fail("the recording of %s is there twice", r.GetCallId())
		}
		there[r.GetCallId()] = r
		if u.known[r.GetCallId()] == nil {
			u.fail("the recording of %s was never acknowledged", r.GetCallId())
		}
		if r.GetState() == pb.Recording_STATE_PARKED && r.GetError().GetReason() == "" {
			u.fail("the recording of %s is parked without a reason", r.GetCallId())
		}
	}
	for call, up := range u.known {
		switch r := there[call]; {
		case r == nil:
			u.fail("the recording of %s is lost", call)
		case r.GetName() != up.name || r.GetSha256() != up.sum:
			u.fail("the recording of %s is %s with %s, and was acknowledged as %s with %s", call,
				r.GetName(), r.GetSha256(), up.name, up.sum)
		default:
			u.bytes(up, dir)
		}
	}
}

// bytes reads a recording's audio as it lies on the disk.
func (u *uploads) bytes(up *upload, dir string) {
	b, err := os.ReadFile(audioPath(dir, up.name))
	if err != nil {
		u.fail("the audio of %s: %v", up.call, err)
		return
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != up.sum {
		u.fail("the audio of %s is not what was uploaded", up.call)
	}
}

func audioPath(dir, name string) string {
	id := strings.TrimPrefix(name, "recordings/")
	return filepath.Join(dir, "audio", id[len(id)-2:], id)
}

// noMore checks, after a start, that there is no audio but that of the recordings.
func (u *uploads) noMore(dir string) {
	n := 0
	root := filepath.Join(dir, "audio")
	require.NoError(u.t, filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if e.IsDir() && (path == filepath.Join(root, "tmp") || path == filepath.Join(root, "stray")) {
			return fs.SkipDir
		}
		if err == nil && e.Type().IsRegular() {
			n++
		}
		return err
	}))
	if n != len(u.known) {
		u.fail("%d files of audio for %d recordings", n, len(u.known))
	}
}

// drained waits until nothing waits to be heard; recordings that were parked are then tried
// again, and without faults all must be heard.
func (u *uploads) drained(s *server) {
	for _, retry := range []bool{false, true} {
		if retry {
			_, err := s.Recordings.RetryRecordings(apitest.As(u.t.Context(), "chaos"),
				&pb.RetryRecordingsRequest{})
			require.NoError(u.t, err)
		}
		u.heard(s)
	}
	for _, r := range u.all(s, pb.Recording_STATE_PARKED) {
		u.fail("the recording of %s is parked once all is well: %v", r.GetCallId(), r.GetError())
	}
}

// heard waits until nothing waits to be heard.
func (u *uploads) heard(s *server) {
	for _, r := range u.all(s, pb.Recording_STATE_UNSPECIFIED) {
		u.await(s, r)
	}
}

// first uploads what reviewers begin with.
func (u *uploads) first() {
	rnd := u.random(1 << 32)
	for range mostWaiting {
		u.once(rnd)
	}
	s, _ := u.current()
	u.heard(s)
}

// await waits until a recording is heard or parked.
func (u *uploads) await(s *server, r *pb.Recording) {
	if r.GetState() == pb.Recording_STATE_DONE || r.GetState() == pb.Recording_STATE_PARKED {
		return
	}
	ctx, cancel := context.WithTimeout(u.t.Context(), 5*time.Minute)
	defer cancel()
	stream, err := s.Recordings.WatchRecording(ctx, &pb.WatchRecordingRequest{Name: r.GetName()})
	for err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) == codes.DeadlineExceeded {
		u.fail("the recording of %s is not heard: %v\n%s", r.GetCallId(), r, s.log.text())
	}
}

// reviews are suspects that were decided.
type reviews struct {
	*world
	mu    sync.Mutex
	taken map[string]bool
	list  []*reviewed
}

// reviewed is a suspect, and what was acknowledged of it.
type reviewed struct {
	name, number string
	decisions    []decided
	inDoubt      bool // two decided at the same time, or the test ended
}

// id begins the ids of requests about it.
func (r *reviewed) id() string { return strings.TrimPrefix(r.name, "suspects/") }

type decided struct {
	name     string
	verdict  pb.Decision_Verdict
	reverted bool
}

// take is an open suspect that nobody else has.
func (r *reviews) take() *reviewed {
	var list []*pb.Suspect
	if r.try(func(ctx context.Context, s *server) error {
		resp, err := s.Review.ListSuspects(ctx,
			&pb.ListSuspectsRequest{State: pb.Suspect_STATE_OPEN, PageSize: 50})
		list = resp.GetSuspects()
		return err
	}) != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range list {
		if !r.taken[s.GetName()] {
			r.taken[s.GetName()] = true
			one := &reviewed{name: s.GetName(), number: strings.TrimPrefix(s.GetCallId(), "up-")}
			r.list = append(r.list, one)
			return one
		}
	}
	return nil
}

// once claims and decides a suspect, and maybe takes that back and decides again.
func (r *reviews) once(rnd *rand.Rand) {
	one := r.take()
	if one == nil {
		return
	}
	for round := range 1 + rnd.IntN(3) {
		if round == 0 && rnd.IntN(2) == 0 && !r.sure("claims",
			func(ctx context.Context, s *server) error {
				_, err := s.Review.ClaimSuspect(ctx, &pb.ClaimSuspectRequest{Name: one.name,
					RequestId: one.id() + "-claim"})
				return err
			}) {
			return
		}
		if !r.decide(one, round, rnd) {
			return
		}
		if rnd.IntN(2) == 0 || !r.revert(one, round) {
			return
		}
	}
}

// decide has two reviewers decide at the same time, one of whom must be refused.
func (r *reviews) decide(one *reviewed, round int, rnd *rand.Rand) bool {
	verdicts := []pb.Decision_Verdict{pb.Decision_VERDICT_CONFIRMED}
	if rnd.IntN(3) == 0 {
		verdicts = append(verdicts, pb.Decision_VERDICT_DISMISSED)
	}
	if rnd.IntN(4) == 0 {
		verdicts = []pb.Decision_Verdict{pb.Decision_VERDICT_DISMISSED}
	}
	got := make([]*decided, len(verdicts))
	var reviewers sync.WaitGroup
	for i, verdict := range verdicts {
		reviewers.Go(func() {
			req := &pb.DecideSuspectRequest{Name: one.name, Verdict: verdict,
				RequestId: fmt.Sprintf("%s-%d-%d", one.id(), round, i)}
			var d *pb.Decision
			err := r.insist(func(ctx context.Context, s *server) error {
				resp, err := s.Review.DecideSuspect(ctx, req)
				d = resp.GetSuspect().GetDecision()
				return err
			})
			switch {
			case err == nil:
				got[i] = &decided{name: d.GetName(), verdict: verdict}
				r.ack("decisions", 1)
			case len(verdicts) == 2 && apitest.Reason(err) == "ALREADY_DECIDED":
			case !errors.Is(err, errOver):
				r.fail("decide %s: %v", one.name, err)
			}
		})
	}
	reviewers.Wait()
	var made []decided
	for _, d := range got {
		if d != nil {
			made = append(made, *d)
		}
	}
	if len(made) == 2 {
		r.fail("%s was decided twice: %v", one.name, made)
	}
	if len(made) != 1 {
		one.inDoubt = true
		return false
	}
	one.decisions = append(one.decisions, made[0])
	if made[0].verdict == pb.Decision_VERDICT_CONFIRMED {
		r.frozen.add(one.number, "confirmed by "+made[0].name)
		r.refused(rnd, one.number)
	}
	return true
}

func (r *reviews) revert(one *reviewed, round int) bool {
	r.frozen.drop(one.number)
	last := &one.decisions[len(one.decisions)-1]
	last.reverted = r.sure("reversals", func(ctx context.Context, s *server) error {
		_, err := s.Review.RevertDecision(ctx, &pb.RevertDecisionRequest{Name: one.name,
			Reason: "chaos", RequestId: fmt.Sprintf("%s-%d-revert", one.id(), round)})
		return err
	})
	one.inDoubt = one.inDoubt || !last.reverted
	return last.reverted
}

// verify holds the suspects' histories and freezes against the model.
func (r *reviews) verify(s *server) {
	for _, one := range r.list {
		resp, err := s.Review.GetSuspect(r.t.Context(), &pb.GetSuspectRequest{Name: one.name})
		require.NoError(r.t, err)
		if one.inDoubt {
			continue
		}
		got := map[string]decided{}
		for _, d := range resp.GetDecisions() {
			got[d.GetName()] = decided{d.GetName(), d.GetVerdict(), d.GetReversal() != nil}
		}
		if len(got) != len(one.decisions) || len(resp.GetDecisions()) != len(got) {
			r.fail("%s was decided %d times, and %d were acknowledged", one.name,
				len(resp.GetDecisions()), len(one.decisions))
		}
		standing := 0
		for _, d := range one.decisions {
			if got[d.name] != d {
				r.fail("%s: %v was acknowledged, and %v is there", one.name, d, got[d.name])
			}
			if d.verdict == pb.Decision_VERDICT_CONFIRMED && !d.reverted {
				standing++
			}
		}
		active := 0
		for _, f := range s.FreezesOf(r.t, one.number) {
			if f.GetRelease() == nil {
				active++
			}
		}
		if active != standing {
			r.fail("%s: %d freezes stand for %d decisions", one.name, active, standing)
		}
	}
	suspects := map[string]bool{}
	for _, one := range r.list {
		if suspects[one.number] {
			r.fail("two suspects of one recording: %s", one.number)
		}
		suspects[one.number] = true
	}
}
