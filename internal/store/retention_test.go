package store_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/retention"
	"github.com/refrain-asr/refrain/review"
)

// kept is a database with audio beside it.
type kept struct {
	dir   string
	db    *store.DB
	blobs *blob.Dir
}

func openKept(tb testing.TB, dir string) *kept {
	tb.Helper()
	blobs, err := blob.Open(filepath.Join(dir, "audio"))
	require.NoError(tb, err)
	return &kept{dir, open(tb, filepath.Join(dir, "refrain.db")), blobs}
}

// service erases as a server does, but through s, and without a rest.
func (k *kept) service(s retention.Store) *retention.Service {
	return &retention.Service{Store: s, Audio: k.blobs, Journal: datadir.Erasures{Dir: k.dir},
		Policy: retention.Policy{Periods: retention.Default()}, Names: names{}, Now: time.Now,
		Rest:   func(context.Context, time.Duration) error { return nil },
		Erased: func(retention.Kind, retention.Amount) {}}
}

// names are those of options.
type names struct{}

func (names) keys() freeze.Keys {
	k, _ := freeze.NewKeys([]byte("a secret that is thirty-two bytes"))
	return k
}

func (n names) Name(of number.Number) (name, key string) {
	return n.keys().NumberMAC(of).String(), n.keys().ID()
}

func (n names) All(of number.Number) []string { return []string{n.keys().NumberMAC(of).String()} }

func (n names) Knows(key string) bool { return n.keys().ID() == key }

// fill keeps n recordings with audio of as many calls, which arrived one after the other in the hour
// that ended so many days ago.
func (k *kept) fill(tb testing.TB, n int, daysAgo time.Duration) []recording.ID {
	tb.Helper()
	ids := make([]recording.ID, n)
	for from := 0; from < n; from += 100 {
		k.fillRows(tb, ids, from, daysAgo)
	}
	for _, id := range ids {
		path := filepath.Join(k.dir, "audio", string(id[24:]), string(id))
		require.NoError(tb, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(tb, os.WriteFile(path, []byte("RIFF"), 0o600))
	}
	return ids
}

// fillRows adds the rows of up to 100 of them.
func (k *kept) fillRows(tb testing.TB, ids []recording.ID, from int, daysAgo time.Duration) {
	tb.Helper()
	require.NoError(tb, k.db.InTx(tb.Context(), func(ctx context.Context, tx store.Tx) error {
		for i := from; i < min(from+100, len(ids)); i++ {
			at := time.Now().Add(-daysAgo*retention.Day - time.Hour + time.Duration(i)*time.Millisecond)
			ids[i] = recording.ID(ulid.MustNewDefault(at).String())
			call, num := "call-"+string(ids[i]), 8613800000000+i
			_, err := tx.ExecContext(ctx, `INSERT INTO recordings (id, call_id, part, number, agent, source,
				customer_channel, answer_offset, audio, sha256, size, state, attempts, deaths, created_at, updated_at,
				revision) VALUES ($1, $2, '', $3, 'a', 's', 'right', 0, '{}', 'x', 4, 'done', 1, 0, $4, $4, 1)`,
				ids[i], call, num, at.UnixMicro())
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO calls (call_id, number, agent, line, caller_id, start_at, outcome, talk,
				ended_by, code, revision, created_at, updated_at)
				VALUES ($1, $2, 'a', 'l', '', $3, 'answered', 1, '', '', 1, $3, $3)`, call, num, at.UnixMicro())
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// sound checks that no audio is without its row, and no row that has its audio is without it, and
// counts the latter.
func (k *kept) sound(tb testing.TB) (withAudio, rows int) {
	tb.Helper()
	ctx := tb.Context()
	there := map[recording.ID]bool{}
	require.NoError(tb, filepath.WalkDir(filepath.Join(k.dir, "audio"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			there[recording.ID(filepath.Base(path))] = true
		}
		return err
	}))
	recs, err := k.db.Recordings.List(ctx, recording.Filter{Limit: 100_000})
	require.NoError(tb, err)
	doomed, err := k.db.Retention.Doomed(ctx, 100_000)
	require.NoError(tb, err)
	toGo := map[recording.ID]bool{}
	for _, d := range doomed {
		toGo[recording.ID(d.ID)] = true
	}
	for _, r := range recs {
		if !r.Erased() {
			require.True(tb, there[r.ID], "%s has no audio", r.ID)
			withAudio++
		}
		if !r.Erased() || toGo[r.ID] {
			delete(there, r.ID)
		}
	}
	require.Empty(tb, there, "audio without a row that tells of it")
	return withAudio, len(recs)
}

// dying is a store that dies before or after its n-th step.
type dying struct {
	retention.Store
	left  int
	after bool
}

var errDied = errors.New("died")

func (d *dying) step(do func() error) error {
	d.left--
	if d.left < 0 || d.left == 0 && !d.after {
		return errDied
	}
	err := do()
	if d.left == 0 && err == nil {
		err = errDied
	}
	return err
}

func (d *dying) Erase(ctx context.Context, c retention.Cut, after int64, n int) (p retention.Portion, err error) {
	err = d.step(func() (err error) { p, err = d.Store.Erase(ctx, c, after, n); return err })
	return p, err
}

func (d *dying) Bury(ctx context.Context, gone []retention.Doomed) error {
	return d.step(func() error { return d.Store.Bury(ctx, gone) })
}

// Whenever it dies, no audio is without its row and no row without its audio, and the next run goes on
// to the end.
func TestRetentionDiesAtEveryStep(t *testing.T) {
	t.Parallel()
	k := openKept(t, t.TempDir())
	for n := 1; ; n++ {
		k.fill(t, 4, 500)
		k.fill(t, 2, 100)
		for _, after := range []bool{false, true} {
			_, err := k.service(&dying{k.db.Retention, n, after}).Run(t.Context())
			if err == nil {
				withAudio, rows := k.sound(t)
				require.Zero(t, withAudio)
				require.Equal(t, 2*n, rows)
				return
			}
			require.ErrorIs(t, err, errDied)
			k.sound(t)
		}
		_, err := k.service(k.db.Retention).Run(t.Context())
		require.NoError(t, err)
		withAudio, rows := k.sound(t)
		require.Zero(t, withAudio)
		require.Equal(t, 2*n, rows, "those of 100 days stay without their audio")
		require.Less(t, n, 40)
	}
}

// retentionEnv names the data directory in which the test binary erases until it is killed.
const retentionEnv = "REFRAIN_TEST_RETENTION"

// TestEraseUntilKilled is the process that TestRetentionKilled kills.
func TestEraseUntilKilled(t *testing.T) {
	dir := os.Getenv(retentionEnv)
	if dir == "" {
		t.Skip("only run by TestRetentionKilled, in a process of its own")
	}
	k := openKept(t, dir)
	s := k.service(k.db.Retention)
	fmt.Println("START")
	_, err := s.Resume(t.Context())
	require.NoError(t, err)
	_, err = s.Run(t.Context())
	require.NoError(t, err)
	fmt.Println("DONE")
	time.Sleep(time.Minute)
}

// Killed twenty times in the middle, it leaves no audio without its row, and no row without its audio;
// nothing that was erased comes back, and the end is the same.
func TestRetentionKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := openKept(t, dir)
	k.fill(t, 600, 500)
	k.fill(t, 20, 1)
	require.NoError(t, k.db.Close())
	self, err := os.Executable()
	require.NoError(t, err)
	before := 1 << 30
	for range 20 {
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestEraseUntilKilled$")
		cmd.Env = append(os.Environ(), retentionEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() && !strings.HasPrefix(lines.Text(), "START") {
			continue
		}
		time.AfterFunc(time.Duration(rand.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
		require.Error(t, cmd.Wait())
		k := openKept(t, dir)
		withAudio, rows := k.sound(t)
		require.LessOrEqual(t, rows+withAudio, before, "something came back")
		before = rows + withAudio
		t.Logf("%d rows are left, %d with audio", rows, withAudio)
		require.NoError(t, k.db.Close())
	}
	k = openKept(t, dir)
	_, err = k.service(k.db.Retention).Run(t.Context())
	require.NoError(t, err)
	withAudio, rows := k.sound(t)
	require.Equal(t, []int{20, 20}, []int{withAudio, rows})
}

// unscrubbed is a store that can't scrub.
type unscrubbed struct{ retention.Store }

func (unscrubbed) Scrub(context.Context, number.Number) ([]string, error) { return nil, errDied }

// What came after an erasure that could not be scrubbed stays at the next start, which only scrubs.
func TestResumeErasesOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	k.fill(t, 1, 5)
	n, err := number.FromDigits(8613800000000)
	require.NoError(t, err)
	_, err = k.service(unscrubbed{k.db.Retention}).ErasePerson(ctx, n, "li", "asked us to")
	require.ErrorIs(t, err, errDied)
	k.fill(t, 1, 4)
	last, err := k.db.Retention.LastArrival(ctx)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(-4*retention.Day-time.Hour), last, time.Minute)
	s := k.service(k.db.Retention)
	did, err := s.Resume(ctx)
	require.NoError(t, err)
	require.Zero(t, did.People)
	_, rows := k.sound(t)
	require.Equal(t, 1, rows)
	require.ErrorIs(t, k.service(unscrubbed{k.db.Retention}).Scrub(ctx), errDied)
	require.NoError(t, s.Scrub(ctx))
	require.NoError(t, k.service(unscrubbed{k.db.Retention}).Scrub(ctx), "it is ended")
}

// What is left of people is overwritten only where there is room for the database anew, and else later.
func TestScrubNeedsRoom(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var asked int64
	full := errors.New("full")
	o := options(t)
	o.Room = func(bytes int64) error { asked = bytes; return full }
	path := filepath.Join(t.TempDir(), "refrain.db")
	db, err := openAt(t, path, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.Retention.Scrub(ctx, number.Number{})
	require.ErrorIs(t, err, full)
	require.ErrorContains(t, err, "free space; it is tried again")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, info.Size(), asked)
	full = nil
	_, err = db.Retention.Scrub(ctx, number.Number{})
	require.NoError(t, err)
}

// Who was erased twice is one person.
func TestResumeCountsPeople(t *testing.T) {
	t.Parallel()
	k := openKept(t, t.TempDir())
	s := k.service(k.db.Retention)
	for _, e := range []retention.Erasure{{ID: "1", Name: "aa"}, {ID: "2", Name: "bb"}, {ID: "3", Name: "bb"}} {
		e.Key = names{}.keys().ID()
		require.NoError(t, s.Journal.Append(e))
	}
	did, err := s.Resume(t.Context())
	require.NoError(t, err)
	require.Empty(t, did.Left)
	require.Equal(t, 2, did.People)
}

// No hold is placed on what is known of a number that is being erased.
func TestHoldDuringErasure(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	ids := k.fill(t, 1, 5)
	n, err := number.FromDigits(8613800000000)
	require.NoError(t, err)
	s := k.service(k.db.Retention)
	e := retention.Erasure{ID: ulid.MustNewDefault(time.Now()).String(), At: time.Now(), Name: names{}.keys().NumberMAC(n).String()}
	holds, err := k.db.Retention.BeginErasure(ctx, e, n)
	require.NoError(t, err)
	require.Empty(t, holds)
	now := time.Now()
	for _, h := range []retention.Hold{{Number: n}, {CallID: "call-" + string(ids[0])}, {From: now.Add(-9 * retention.Day), Until: now}} {
		h.Reason, h.Actor = "a dispute", "li"
		_, err = s.Hold(ctx, h)
		require.ErrorContains(t, err, "being erased")
	}
	_, err = s.Hold(ctx, retention.Hold{CallID: "another", Reason: "a dispute", Actor: "li"})
	require.NoError(t, err)
	standing, err := s.Store.ListHolds(ctx, true)
	require.NoError(t, err)
	require.Len(t, standing, 1, "what was refused is not there")
	require.NoError(t, k.db.Retention.CloseErasure(ctx, e.ID, nil))
	_, err = s.Hold(ctx, retention.Hold{Number: n, Reason: "a dispute", Actor: "li"})
	require.NoError(t, err)
}

// meanwhile is a store in which something happens right before an erasure begins, and right after.
type meanwhile struct {
	retention.Store
	before, after func()
}

func (m meanwhile) BeginErasure(ctx context.Context, e retention.Erasure, n number.Number) ([]retention.Hold, error) {
	m.before()
	holds, err := m.Store.BeginErasure(ctx, e, n)
	m.after()
	return holds, err
}

// A hold that is placed at the very moment when an erasure begins either keeps everything, or is refused.
func TestHoldAsAnErasureBegins(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	n, err := number.FromDigits(8613800000000)
	require.NoError(t, err)
	for _, wins := range []bool{true, false} {
		k := openKept(t, t.TempDir())
		k.fill(t, 1, 5)
		var holding error
		hold := func() {
			_, holding = k.service(k.db.Retention).Hold(ctx, retention.Hold{Number: n, Reason: "a dispute", Actor: "li"})
		}
		m := meanwhile{k.db.Retention, hold, func() {}}
		if !wins {
			m.before, m.after = m.after, m.before
		}
		_, err := k.service(m).ErasePerson(ctx, n, "li", "asked us to")
		_, rows := k.sound(t)
		journal, journalErr := datadir.Erasures{Dir: k.dir}.Erasures()
		require.NoError(t, journalErr)
		if wins {
			require.NoError(t, holding)
			require.ErrorContains(t, err, "a legal hold keeps it")
			require.Equal(t, 1, rows)
			require.Empty(t, journal, "a backup that is put back would be erased by it")
			continue
		}
		require.NoError(t, err)
		require.ErrorContains(t, holding, "being erased")
		require.Zero(t, rows)
		require.Len(t, journal, 1)
	}
}

// unwritten is a journal that can't be written.
type unwritten struct{ retention.Journal }

func (unwritten) Append(retention.Erasure) error { return errDied }

// An erasure that the journal can't know of is none, and one that a crash kept from it is carried out.
func TestErasureBeforeTheJournal(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	k.fill(t, 1, 5)
	n, err := number.FromDigits(8613800000000)
	require.NoError(t, err)
	s := k.service(k.db.Retention)
	s.Journal = unwritten{s.Journal}
	_, err = s.ErasePerson(ctx, n, "li", "asked us to")
	require.ErrorIs(t, err, errDied)
	_, rows := k.sound(t)
	require.Equal(t, 1, rows)
	s = k.service(k.db.Retention)
	did, err := s.Resume(ctx)
	require.NoError(t, err)
	require.Zero(t, did.People, "it was given up")

	e := retention.Erasure{ID: ulid.MustNewDefault(time.Now()).String(), At: time.Now(), Name: names{}.keys().NumberMAC(n).String()}
	_, err = k.db.Retention.BeginErasure(ctx, e, n)
	require.NoError(t, err)
	did, err = s.Resume(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, did.People)
	_, rows = k.sound(t)
	require.Zero(t, rows)
	journal, err := s.Journal.Erasures()
	require.NoError(t, err)
	require.Equal(t, e.ID, journal[0].ID)
	require.Equal(t, e.Name, journal[0].Name)
}

// What is due is told before, and is what goes; what is held stays, and goes once that is released.
func TestRetentionDueAndHolds(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	ids := k.fill(t, 5, 500)
	s := k.service(k.db.Retention)
	n, err := number.FromDigits(8613800000000)
	require.NoError(t, err)
	byNumber, err := s.Hold(ctx, retention.Hold{Number: n, Reason: "a dispute", Actor: "li"})
	require.NoError(t, err)
	byCall, err := s.Hold(ctx, retention.Hold{CallID: "call-" + string(ids[1]), Reason: "a dispute", Actor: "li"})
	require.NoError(t, err)
	due := func() (found, held map[retention.Kind]int64) {
		all, err := s.Due(ctx)
		require.NoError(t, err)
		found, held = map[retention.Kind]int64{}, map[retention.Kind]int64{}
		for _, d := range all {
			found[d.Kind], held[d.Kind] = d.Due.Count, d.Held.Count
		}
		return found, held
	}
	found, held := due()
	require.Equal(t, []int64{3, 3, 6}, []int64{found[retention.Audio], found[retention.Transcripts], found[retention.Calls]})
	require.Equal(t, []int64{2, 2, 4}, []int64{held[retention.Audio], held[retention.Transcripts], held[retention.Calls]})
	_, err = s.Run(ctx)
	require.NoError(t, err)
	withAudio, rows := k.sound(t)
	require.Equal(t, []int{2, 2}, []int{withAudio, rows})
	holds, err := s.Store.HoldsOn(ctx, n)
	require.NoError(t, err)
	require.Len(t, holds, 1)
	_, err = s.ErasePerson(ctx, n, "li", "asked us to")
	require.ErrorContains(t, err, byNumber.Name())

	for _, h := range []retention.Hold{byNumber, byCall} {
		got, err := s.ReleaseHold(ctx, h.ID, "li", "settled")
		require.NoError(t, err)
		require.True(t, got.Number.IsZero(), "it forgets whom it was about")
		_, err = s.ReleaseHold(ctx, h.ID, "li", "settled")
		require.Error(t, err)
	}
	span, err := s.Hold(ctx, retention.Hold{From: time.Now().Add(-600 * retention.Day), Until: time.Now(), Reason: "x", Actor: "li"})
	require.NoError(t, err)
	_, err = s.Run(ctx)
	require.NoError(t, err)
	_, rows = k.sound(t)
	require.Equal(t, 2, rows)
	_, err = s.ReleaseHold(ctx, span.ID, "li", "over")
	require.NoError(t, err)
	_, err = s.Run(ctx)
	require.NoError(t, err)
	_, rows = k.sound(t)
	require.Zero(t, rows)
	found, _ = due()
	require.Zero(t, found[retention.Calls]+found[retention.Audio])
}

// What is known of a complaint or a freeze stays while a hold stands on a call that it belongs to, by the
// call or by the time, though they came later: by the number's calls, or by the freeze's evidence, which
// outlives them.
func TestHoldsKeepWhatBelongsToCalls(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		hold     retention.Hold
		evidence freeze.Evidence
		kept     bool
	}{
		"none":                               {retention.Hold{}, freeze.Evidence{CallID: "gone"}, false},
		"on the call":                        {retention.Hold{CallID: "call"}, freeze.Evidence{}, true},
		"on another call":                    {retention.Hold{CallID: "other"}, freeze.Evidence{CallID: "gone"}, false},
		"on when the call began":             {retention.Hold{From: long.Add(-time.Minute), Until: long.Add(time.Minute)}, freeze.Evidence{}, true},
		"on when nothing was":                {retention.Hold{From: long.Add(-time.Hour), Until: long}, freeze.Evidence{}, false},
		"on a call that only evidence names": {retention.Hold{CallID: "gone"}, freeze.Evidence{CallID: "gone"}, true},
		"on one of several":                  {retention.Hold{CallID: "gone"}, freeze.Evidence{Calls: []string{"a", "gone"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, left := belonging(t, tt.evidence)
			if name != "none" {
				tt.hold.Reason, tt.hold.Actor = "a dispute", "li"
				_, err := s.Hold(t.Context(), tt.hold)
				require.NoError(t, err)
			}
			n, err := number.FromDigits(8613800000000)
			require.NoError(t, err)
			holds, err := s.Store.HoldsOn(t.Context(), n)
			require.NoError(t, err)
			require.Equal(t, tt.kept, len(holds) > 0, "an erasing of the person looks at the same")
			_, err = s.Run(t.Context())
			require.NoError(t, err)
			want := map[string]int64{"complaints": 0, "ledger_personal": 0}
			if tt.kept {
				want = map[string]int64{"complaints": 1, "ledger_personal": 2}
			}
			require.Equal(t, want, left())
		})
	}
}

// long is when what belonging keeps began.
var long = time.Now().Add(-1300 * retention.Day).Truncate(time.Second)

// belonging keeps a call, and of its number a complaint, whose freeze was made three days later and
// released after two more. left counts the rows of these that tell of people.
func belonging(t *testing.T, evidence freeze.Evidence) (s *retention.Service, left func() map[string]int64) {
	t.Helper()
	ctx, now := t.Context(), long.Add(3*retention.Day)
	o := options(t)
	o.Now = func() time.Time { return now }
	path := filepath.Join(t.TempDir(), "refrain.db")
	db, err := openAt(t, path, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	n, err := number.FromDigits(8613800000000)
	require.NoError(t, err)
	freezes := freeze.Service{Store: db.Freezes, Keys: o.Keys, Now: o.Now}
	_, err = freezes.Complain(ctx, []freeze.Complaint{{Number: n, At: now, Source: "own", Text: "x", Actor: "li"}})
	require.NoError(t, err)
	now = now.Add(2 * retention.Day)
	_, err = freezes.Release(ctx, request.Request{}, n, "li", "settled")
	require.NoError(t, err)
	text, err := json.Marshal(evidence)
	require.NoError(t, err)
	require.NoError(t, db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO calls (call_id, number, agent, line, caller_id, start_at, outcome, talk,
			ended_by, code, revision, created_at, updated_at)
			VALUES ('call', $1, 'a', 'l', '', $2, 'answered', 1, '', '', 1, $2, $2)`, n.Digits(), long.UnixMicro())
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE ledger_personal SET evidence = $1`, string(text))
		}
		return err
	}))
	k := &kept{filepath.Dir(path), db, nil}
	s = k.service(db.Retention)
	s.Audio = noAudio{}
	return s, func() map[string]int64 {
		got := map[string]int64{}
		require.NoError(t, db.InTx(ctx, func(ctx context.Context, tx store.Tx) (err error) {
			for _, table := range []string{"complaints", "ledger_personal"} {
				var rows int64
				err = errors.Join(err, tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM `+table).Scan(&rows))
				got[table] = rows
			}
			return err
		}))
		return got
	}
}

// A line may have a period of its own, for recordings too, whose line their call tells.
func TestRetentionByLine(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	ids := k.fill(t, 4, 60)
	require.NoError(t, k.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE calls SET line = 'loans' WHERE call_id = $1`, "call-"+string(ids[0]))
		return err
	}))
	s := k.service(k.db.Retention)
	s.Policy.Lines = map[string]map[retention.Kind]time.Duration{"loans": {retention.Audio: 30 * retention.Day}}
	went, err := s.Run(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, went[0].Due.Count)
	r, err := k.db.Recordings.Get(ctx, ids[0])
	require.NoError(t, err)
	require.True(t, r.Erased())
}

// Reports and reservations of a call that was erased are answered, and bring it not back.
func TestErasedCallStaysErased(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	ids := k.fill(t, 1, 500)
	_, err := k.service(k.db.Retention).Run(ctx)
	require.NoError(t, err)
	n, err := number.FromDigits(8613800000000)
	require.NoError(t, err)
	call := calls.Call{ID: "call-" + string(ids[0]), Number: n, Start: time.Now().Add(-time.Hour), Outcome: calls.Rejected, Revision: 9}
	reports := reporting(t, k.db)
	out, err := reports.Report(ctx, []calls.Call{call})
	require.NoError(t, err)
	require.Equal(t, calls.Unchanged, out[0].Status)
	_, err = k.db.Calls.Get(ctx, call.ID, shipped())
	require.Error(t, err)
	_, err = reports.Reserve(ctx, call, time.Minute, func(calls.Known) bool { return true })
	require.ErrorContains(t, err, "reported already")

	again := newRecording(t, 7)
	again.CallID = call.ID
	known, created, err := k.db.Recordings.CreateRecording(ctx, again)
	require.NoError(t, err)
	require.False(t, created)
	require.True(t, known.Erased())
	require.Equal(t, ids[0], known.ID)
}

// What recorders and switches deliver late of somebody who was erased meanwhile is known and stays erased; calls
// from after that are new.
func TestLateCallsOfAnErasedPerson(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	ids := k.fill(t, 1, 5)
	n, err := number.FromDigits(8613800000000)
	require.NoError(t, err)
	before := time.Now()
	_, err = k.service(k.db.Retention).ErasePerson(ctx, n, "li", "asked us to")
	require.NoError(t, err)
	for i, tt := range []struct {
		call    string
		start   time.Time
		created bool
	}{
		{"call-" + string(ids[0]), time.Time{}, false},               // another part of a call that was reported
		{"call-" + string(ids[0]), time.Now().Add(time.Hour), false}, // whatever it says
		{"yesterday", before.Add(-time.Hour), false},
		{"later", time.Now().Add(time.Second), true},
		{"whenever", time.Time{}, true},
	} {
		late := newRecording(t, 10+i)
		late.CallID, late.Part, late.Number, late.StartedAt = tt.call, fmt.Sprint("late", i), n, tt.start
		known, created, err := k.db.Recordings.CreateRecording(ctx, late)
		require.NoError(t, err)
		require.Equal(t, tt.created, created, tt.call)
		require.NotEqual(t, tt.created, known.Erased(), tt.call)
	}
	found, err := k.db.Recordings.RecordingByCall(ctx, "call-"+string(ids[0]), "another")
	require.NoError(t, err)
	require.True(t, found.Erased(), "before its audio is read")

	reports := reporting(t, k.db)
	report := func(id string, n number.Number, start time.Time) calls.Status {
		out, err := reports.Report(ctx, []calls.Call{{ID: id, Number: n, Start: start, Outcome: calls.Rejected, Revision: 1}})
		require.NoError(t, err)
		require.NoError(t, out[0].Err)
		return out[0].Status
	}
	other, err := number.FromDigits(8613900000000)
	require.NoError(t, err)
	require.Equal(t, calls.Unchanged, report("reported late", n, before.Add(-time.Hour)))
	require.Equal(t, calls.Created, report("another's", other, before.Add(-time.Hour)))
	require.Equal(t, calls.Created, report("called again", n, time.Now()))
	require.Equal(t, calls.Updated, func() calls.Status {
		out, err := reports.Report(ctx, []calls.Call{{ID: "called again", Number: n, Start: time.Now(),
			Outcome: calls.Answered, Talk: time.Second, Revision: 2}})
		require.NoError(t, err)
		return out[0].Status
	}())
}

// Of a freeze that ended long ago only what it says of people goes; one that stands stays whole; the
// ledger still proves itself.
func TestRetentionOfFreezes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "refrain.db")
	o := options(t)
	past := time.Now().Add(-1200 * retention.Day)
	o.Now = func() time.Time { return past }
	db, err := openAt(t, path, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	service := freeze.Service{Store: db.Freezes, Keys: o.Keys, Now: o.Now}
	var numbers []number.Number
	for i, until := range []time.Time{past.Add(time.Hour), past.Add(1190 * retention.Day), {}} {
		n, err := number.FromDigits(uint64(8613800000000 + i))
		require.NoError(t, err)
		numbers = append(numbers, n)
		_, err = service.Order(ctx, request.Request{}, []freeze.Freeze{{Number: n, Reason: freeze.Manual, Until: until, Note: "x", Actor: "li"}})
		require.NoError(t, err)
	}
	k := &kept{filepath.Dir(path), db, nil}
	s := k.service(db.Retention)
	s.Audio = noAudio{}
	went, err := s.Run(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, went[4].Due.Count)
	for i, n := range numbers {
		found, err := db.Freezes.Freezes(ctx, freeze.Query{Numbers: []number.Number{n}})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, i == 0, found[0].Number.IsZero())
	}
	v, err := db.Freezes.Verify(ctx, freeze.MAC{})
	require.NoError(t, err)
	require.Empty(t, v.Findings)
	require.EqualValues(t, 1, v.Erased)
}

type noAudio struct{}

func (noAudio) RemoveAll(context.Context, []string) error { return nil }

// What is erased is looked for while nobody else can write, so nothing may look through what is kept of
// others: of holds and of a freeze's evidence alone there are few.
func TestErasingUsesIndexes(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	for name, q := range store.ErasingQueries() {
		for _, step := range plan(t, db, q.SQL, q.Args...) {
			require.NotRegexp(t, `^SCAN [^he]\b`, step, name)
		}
	}
}

// failing is a store in which one kind can't be erased.
type failing struct {
	retention.Store
	kind retention.Kind
}

func (f failing) Erase(ctx context.Context, c retention.Cut, after int64, n int) (retention.Portion, error) {
	if c.Kind == f.kind {
		return retention.Portion{}, errDied
	}
	return f.Store.Erase(ctx, c, after, n)
}

// What goes wrong with one kind keeps no other from being erased.
func TestRetentionGoesOnBehindAFailure(t *testing.T) {
	t.Parallel()
	for _, kind := range []retention.Kind{retention.Transcripts, retention.Decisions} {
		k := openKept(t, t.TempDir())
		k.fill(t, 2, 500)
		went, err := k.service(failing{k.db.Retention, kind}).Run(t.Context())
		require.ErrorIs(t, err, errDied)
		require.ErrorContains(t, err, "erase "+string(kind))
		require.Len(t, went, 5, "all kinds but the audit's record, which is not there")
		_, rows := k.sound(t)
		require.Zero(t, rows)
	}
}

// The record tells of no erasure that a hold kept from beginning.
func TestRefusedErasureIsNotRecorded(t *testing.T) {
	t.Parallel()
	k := openKept(t, t.TempDir())
	k.fill(t, 1, 5)
	n, err := number.FromDigits(8613800000000)
	require.NoError(t, err)
	s := k.service(k.db.Retention)
	hold, err := s.Hold(t.Context(), retention.Hold{Number: n, Reason: "a dispute", Actor: "li"})
	require.NoError(t, err)
	p := audit.NewPending(audit.Entry{Actor: "li", Action: audit.Delete, Subject: "numbers/x"})
	_, err = s.ErasePerson(audit.With(t.Context(), p), n, "li", "asked us to")
	require.ErrorContains(t, err, hold.Name())
	recorded := func() []audit.Entry {
		all, err := k.db.Audit.List(t.Context(), audit.Filter{Limit: 9})
		require.NoError(t, err)
		return all
	}
	require.Empty(t, recorded())
	_, err = s.ReleaseHold(t.Context(), hold.ID, "li", "settled")
	require.NoError(t, err)
	_, err = s.ErasePerson(audit.With(t.Context(), p), n, "li", "asked us to")
	require.NoError(t, err)
	require.Len(t, recorded(), 1)
}

// A recording that stays for longer than its call's report keeps the line that this told.
func TestLineOutlivesItsCall(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	ids := k.fill(t, 2, 500)
	require.NoError(t, k.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		for i, id := range ids {
			_, err := tx.ExecContext(ctx, `INSERT INTO suspects (id, recording_id, call_id, part, agent, hits, score, class,
				lexicon, round, verdict, created_at, updated_at, revision, number, kind, blind, day)
				SELECT 's' || $1, id, call_id, '', 'a', '[]', 1, 'no_need', 'x', 1, '', created_at, created_at, 1, number,
				'', 0, '' FROM recordings WHERE id = $1`, id)
			if err != nil {
				return err
			}
			if i > 0 {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE calls SET line = 'loans' WHERE call_id = 'call-' || $1`, id); err != nil {
				return err
			}
		}
		return nil
	}))
	s := k.service(k.db.Retention)
	s.Policy.Periods[retention.Decisions] = 450 * retention.Day
	s.Policy.Lines = map[string]map[retention.Kind]time.Duration{"loans": {retention.Decisions: 3000 * retention.Day,
		retention.Calls: 400 * retention.Day}}
	for range 2 {
		_, err := s.Run(ctx)
		require.NoError(t, err)
		_, err = k.db.Calls.Get(ctx, "call-"+string(ids[0]), shipped())
		require.Error(t, err, "its report is over")
		r, err := k.db.Recordings.Get(ctx, ids[0])
		require.NoError(t, err)
		require.Equal(t, "loans", r.Line)
		suspect, err := k.db.Suspects.Get(ctx, review.ID("s"+ids[0]))
		require.NoError(t, err)
		require.Equal(t, "loans", suspect.Line)
	}
	_, rows := k.sound(t)
	require.Equal(t, 1, rows)
}

// What is over is found in its order: a portion must not cost more, however much of it there is.
func TestPortionsAreFoundInOrder(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	for _, kind := range []retention.Kind{retention.Audio, retention.Transcripts, retention.Calls, retention.Decisions} {
		queries, args := store.OldestOver(retention.Cut{Kind: kind, Before: time.Now()})
		require.NotEmpty(t, queries)
		for i, query := range queries {
			for _, step := range plan(t, db, query, args[i]...) {
				require.NotRegexp(t, `^SCAN r$|TEMP B-TREE FOR ORDER`, step, "%s: %s", kind, query)
			}
		}
	}
}
