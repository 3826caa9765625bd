package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Opener opens a database. Called again after the store was closed, it opens the same
// database again.
type Opener func(ctx context.Context, o store.Options) (*store.DB, error)

// suite are the tests, by name.
var suite = map[string]func(*testing.T, *bench){
	"CreateRecording":          testCreateRecording,
	"CreateRecordingTwice":     testCreateRecordingTwice,
	"CreateRecordingAtOnce":    testCreateRecordingAtOnce,
	"CreateRecordingIsAtomic":  testCreateRecordingIsAtomic,
	"Attempts":                 testAttempts,
	"AttemptsOfTheFinished":    testAttemptsOfTheFinished,
	"Requeue":                  testRequeue,
	"FinishRecording":          testFinishRecording,
	"FinishRecordingTwice":     testFinishRecordingTwice,
	"FinishRecordingIsAtomic":  testFinishRecordingIsAtomic,
	"Judgements":               testJudgements,
	"NotFound":                 testNotFound,
	"ListRecordings":           testListRecordings,
	"ListSuspects":             testListSuspects,
	"SuspectStates":            testSuspectStates,
	"ListFreezes":              testListFreezes,
	"Review":                   testReview,
	"ReviewErrorsWriteNothing": testReviewErrorsWriteNothing,
	"DecideAtOnce":             testDecideAtOnce,
	"ClaimAtOnce":              testClaimAtOnce,
	"RevertAtOnce":             testRevertAtOnce,
	"EffectsAreUndone":         testEffectsAreUndone,
	"RequestRepeated":          testRequestRepeated,
	"RequestRepeatedAtOnce":    testRequestRepeatedAtOnce,
	"RequestReused":            testRequestReused,
	"ReleaseNumber":            testReleaseNumber,
	"ReleaseNumberRepeated":    testReleaseNumberRepeated,
	"RevertAfterRelease":       testRevertAfterRelease,
	"Ledger":                   testLedger,
	"LedgerIsAppendOnly":       testLedgerIsAppendOnly,
	"LedgerOutlivesErasure":    testLedgerOutlivesErasure,
	"GateFollows":              testGateFollows,
	"CreateFreezes":            testCreateFreezes,
	"CreateFreezesIsAtomic":    testCreateFreezesIsAtomic,
	"CreateFreezesRepeated":    testCreateFreezesRepeated,
	"ImportFreezes":            testImportFreezes,
	"ExtendFreeze":             testExtendFreeze,
	"FilterFreezes":            testFilterFreezes,
	"EachFreeze":               testEachFreeze,
	"Allow":                    testAllow,
	"AllowRefuses":             testAllowRefuses,
	"ListAllows":               testListAllows,
	"EachEntry":                testEachEntry,
	"VerifyLedger":             testVerifyLedger,
	"VerifyFindsEdits":         testVerifyFindsEdits,
	"VerifyFindsRecomputed":    testVerifyFindsRecomputed,
	"VerifyFindsCutTail":       testVerifyFindsCutTail,
	"VerifyFindsDifference":    testVerifyFindsDifference,
	"ReportCall":               testReportCall,
	"ReportMany":               testReportMany,
	"ReportsShareATransaction": testReportsShareATransaction,
	"ReportGivenUp":            testReportGivenUp,
	"ReportFails":              testReportFails,
	"RuleFreezes":              testRuleFreezes,
	"Corrections":              testCorrections,
	"ExtendedByHand":           testExtendedByHand,
	"ErasedFreeze":             testErasedFreeze,
	"ReleaseIsABarrier":        testReleaseIsABarrier,
	"Guard":                    testGuard,
	"Denials":                  testDenials,
	"ListCalls":                testListCalls,
	"EachHistory":              testEachHistory,
	"ActivateRules":            testActivateRules,
	"ReserveCall":              testReserveCall,
	"ReserveRefused":           testReserveRefused,
	"LastAttempt":              testLastAttempt,
	"ReserveAndReport":         testReserveAndReport,
	"ReservedReopen":           testReservedReopen,
	"Complaints":               testComplaints,
	"ComplaintsRefused":        testComplaintsRefused,
	"Figures":                  testFigures,
	"AnyOrder":                 testAnyOrder,
	"Reopen":                   testReopen,
}

// Run runs the suite. place gives an Opener of an empty database of the test's own.
func Run(t *testing.T, place func(t *testing.T) Opener) {
	t.Helper()
	for name, test := range suite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, place(t))
			b.fresh = func() *bench { return newBench(t, place(t)) }
			test(t, b)
		})
	}
}

// begin is when every test begins.
var begin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// period is how long not_interested freezes; stop_calling freezes until released.
const period = 60 * 24 * time.Hour

func periods(c keywords.Class) (time.Duration, bool) {
	switch c {
	case keywords.Class("not_interested"):
		return period, true
	case keywords.Class("stop_calling"):
		return 0, true
	default:
		return 0, false
	}
}

// bench is a store with everything around it that the tests look at.
type bench struct {
	*store.DB
	open Opener
	// fresh is another one, with an empty database.
	fresh  func() *bench
	keys   freeze.Keys
	review *review.Service
	table  *gate.Table

	mu      sync.Mutex
	now     time.Time
	changed map[recording.ID]int
	allowed []freeze.Allow
	calls   int
	// heard is what the gate heard last of a freeze.
	heard map[freeze.ID]freeze.Freeze
	// denials is what the gate heard last of a number.
	denials map[number.Number][]calls.Denial
	rules   calls.Timeline
	// enqueueErr is what Enqueue fails with after it has written.
	enqueueErr error
}

func newBench(t *testing.T, open Opener) *bench {
	t.Helper()
	keys, err := freeze.NewKeys([]byte("a secret that is thirty-two bytes"))
	require.NoError(t, err)
	b := &bench{open: open, keys: keys, now: begin, changed: map[recording.ID]int{}, heard: map[freeze.ID]freeze.Freeze{},
		denials: map[number.Number][]calls.Denial{}, rules: calls.Timeline{{RuleSet: parseRules(t, rulesOfTest)}}}
	b.reopen(t)
	require.NoError(t, b.write(t, `CREATE TABLE jobs_of_test (recording_id TEXT NOT NULL)`))
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b
}

// reopen opens the store, after closing it, as a start of the program does.
func (b *bench) reopen(t *testing.T) {
	t.Helper()
	if b.DB != nil {
		require.NoError(t, b.Close())
	}
	var err error
	b.table = gate.NewTable()
	b.DB, err = b.open(t.Context(), store.Options{
		Keys: b.keys, Enqueue: b.enqueue, Standing: b.noteFreezes, Allowed: b.noteAllowed, Denied: b.noteDenials,
		Timeline: b.timeline, Changed: b.noteChange, Now: b.clock,
	})
	require.NoError(t, err)
	b.review = &review.Service{Store: b.DB, Periods: periods, Lease: 10 * time.Minute, Now: b.clock}
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// later moves the clock on.
func (b *bench) later(d time.Duration) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
	return b.now
}

func (b *bench) enqueue(ctx context.Context, tx store.Tx, r recording.Recording) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO jobs_of_test (recording_id) VALUES ($1)`, string(r.ID)); err != nil {
		return err
	}
	return b.enqueueErr
}

func (b *bench) noteChange(id recording.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.changed[id]++
}

func (b *bench) noteFreezes(freezes ...freeze.Freeze) {
	b.table.Apply(freezes...)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range freezes {
		b.heard[f.ID] = f
	}
}

// heardOf is what the gate heard last of a freeze.
func (b *bench) heardOf(t testing.TB, id freeze.ID) freeze.Freeze {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Contains(t, b.heard, id)
	return b.heard[id]
}

func (b *bench) noteDenials(n number.Number, denials []calls.Denial) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.denials[n] = denials
}

// denied is what the gate heard last of the i-th number.
func (b *bench) denied(t testing.TB, i int) []calls.Denial {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.denials[numberOf(t, i)]
}

// timeline is which rules were in force when.
func (b *bench) timeline() calls.Timeline {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rules
}

func (b *bench) putInForce(rules *calls.RuleSet, a store.Activation) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rules = append(slices.Clone(b.rules), calls.Activation{RuleSet: rules, Since: a.At, Actor: a.Actor})
}

func (b *bench) noteAllowed(allows ...freeze.Allow) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = append(b.allowed, allows...)
}

// lastAllowed is what the gate heard last of the allow list.
func (b *bench) lastAllowed(t *testing.T) freeze.Allow {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.NotEmpty(t, b.allowed)
	return b.allowed[len(b.allowed)-1]
}

func (b *bench) changes(id recording.ID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed[id]
}

// write runs a statement past the store.
func (b *bench) write(t *testing.T, query string, args ...any) error {
	t.Helper()
	return b.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
}

// count asks the database past the store.
func (b *bench) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	n := -1
	require.NoError(t, b.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		return tx.QueryRowContext(ctx, query, args...).Scan(&n)
	}))
	return n
}

func (b *bench) jobs(t *testing.T) int {
	t.Helper()
	return b.count(t, `SELECT COUNT(*) FROM jobs_of_test`)
}

// failer is what helpers need of a test; rapid's have less than testing's.
type failer interface {
	require.TestingT
	Helper()
}

// numberOf is the i-th of the tests' numbers.
func numberOf(t failer, i int) number.Number {
	t.Helper()
	n, err := number.Parse(fmt.Sprintf("138%08d", 1000+i), "")
	require.NoError(t, err)
	return n
}

// recording is a new one, of the tests' next call, which is that number's.
func (b *bench) recording(t testing.TB, n int) recording.Recording {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	sum := sha256.Sum256(fmt.Append(nil, b.calls))
	return recording.Recording{
		ID: recording.ID(ulid.MustNewDefault(b.now).String()), CallID: fmt.Sprintf("call-%d", b.calls), Part: "a", Number: numberOf(t, n),
		Agent: "小王", Source: "pbx", CustomerChannel: audio.Right, StartedAt: begin.Add(-time.Minute), AnswerOffset: 2*time.Second + 1,
		Audio:  audio.Info{Codec: audio.ALaw, Rate: 8000, Channels: 2, Bits: 8, Frames: 80_000, Declared: 90_000, Truncated: true},
		SHA256: hex.EncodeToString(sum[:]), Size: 160_044, State: recording.Queued, CreatedAt: b.now, UpdatedAt: b.now,
	}
}

// created is a recording that is in the store.
func (b *bench) created(t testing.TB, n int) recording.Recording {
	t.Helper()
	r, created, err := b.CreateRecording(t.Context(), b.recording(t, n))
	require.NoError(t, err)
	require.True(t, created)
	return r
}

// result is what could become of a recording: a suspect where there is a class.
func result(id recording.ID, class keywords.Class) store.Result {
	snr := 17.5
	span := asr.Span{Start: time.Second, End: 2 * time.Second}
	res := store.Result{
		RecordingID: id,
		Transcript: asr.Transcript{
			Side: asr.Customer, Duration: 10 * time.Second,
			Settings: asr.Settings{Model: asr.Model{Name: "demo", Demo: true}, Engine: "whisper.cpp 1.9.5", Language: "zh", VAD: "1"},
			Segments: []asr.Segment{{Span: span, Text: "我没兴趣", Tokens: []asr.Token{{Span: span, Text: "我没兴趣", Prob: 0.75}},
				MeanLogProb: -0.3, Utterance: span, SNR: &snr}},
			Utterances: []asr.Span{span}, Windows: 1,
		},
		Verdict: keywords.Verdict{Hits: []keywords.Hit{}, Score: 0.1, Lexicon: "default 1"},
	}
	if class != "" {
		res.Verdict.Hits = []keywords.Hit{
			{Class: keywords.Class("no_need"), Phrase: "不需要", Text: "不需要", Score: 0.95, Match: keywords.MatchPinyin,
				Veto: &keywords.Veto{Reason: keywords.VetoQuestion, Text: "吗"}},
			{Class: class, Phrase: "没兴趣", Text: "没兴趣", Start: 1, End: 4, Time: span, Match: keywords.MatchExact, Score: 0.9},
		}
		res.Verdict.Score, res.Verdict.Suspect = 0.9, true
	}
	return res
}

// suspect is one of the class, about the number.
func (b *bench) suspect(t testing.TB, n int, class keywords.Class) review.Suspect {
	t.Helper()
	r := b.created(t, n)
	require.NoError(t, b.FinishRecording(t.Context(), result(r.ID, class), nil))
	s, err := b.SuspectByRecording(t.Context(), r.ID)
	require.NoError(t, err)
	return s
}

// confirmed is a suspect that was confirmed, so that its number is frozen.
func (b *bench) confirmed(t testing.TB, n int, class keywords.Class) review.Suspect {
	t.Helper()
	s, err := b.review.Decide(t.Context(), b.suspect(t, n, class).ID, "li", review.Order{Verdict: review.Confirm}, "")
	require.NoError(t, err)
	return s
}

// atOnce runs f in n goroutines that start together.
func atOnce(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}
