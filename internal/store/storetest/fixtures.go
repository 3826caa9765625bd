package storetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

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

// mac is how the ledger names the i-th number.
func (b *bench) mac(t failer, i int) freeze.MAC {
	t.Helper()
	return b.keys.NumberMAC(numberOf(t, i))
}

// nextID is a later id than all before it, also at the same moment. b.mu is held.
func (b *bench) nextID() recording.ID {
	var rest [10]byte
	binary.BigEndian.PutUint64(rest[2:], uint64(b.made))
	return recording.ID(ulid.MustNew(ulid.Timestamp(b.now), bytes.NewReader(rest[:])).String())
}

// recording is a new one, of the tests' next call, which is that number's.
func (b *bench) recording(t testing.TB, n int) recording.Recording {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made++
	sum := sha256.Sum256(fmt.Append(nil, b.made))
	return recording.Recording{
		ID:     b.nextID(),
		CallID: fmt.Sprintf("call-%d", b.made), Part: "a", Number: numberOf(t, n),
		Agent: "小王", Source: "pbx", CustomerChannel: audio.Right,
		StartedAt: begin.Add(-time.Minute), AnswerOffset: 2*time.Second + 1,
		Audio: audio.Info{Codec: audio.ALaw, Rate: 8000, Channels: 2, Bits: 8, Frames: 80_000,
			Declared: 90_000, Truncated: true},
		SHA256: hex.EncodeToString(sum[:]), Size: 160_044, State: recording.Queued,
		CreatedAt: b.now, UpdatedAt: b.now,
	}
}

// created is a recording that is in the store.
func (b *bench) created(t testing.TB, n int) recording.Recording {
	t.Helper()
	r, created, err := b.Recordings.CreateRecording(t.Context(), b.recording(t, n))
	require.NoError(t, err)
	require.True(t, created)
	return r
}

// outcome is what could become of a recording.
type outcome struct {
	transcript asr.Transcript
	verdict    keywords.Verdict
}

// result is a suspect where there is a class.
func result(class keywords.Class) outcome {
	snr := 17.5
	span := asr.Span{Start: time.Second, End: 2 * time.Second}
	res := outcome{
		transcript: asr.Transcript{
			Side: asr.Customer, Duration: 10 * time.Second,
			Settings: asr.Settings{Model: asr.Model{Name: "demo", Demo: true},
				Engine: "whisper.cpp 1.9.5", Language: "zh", VAD: "1"},
			Segments: []asr.Segment{{Span: span, Text: "我没兴趣",
				Tokens:      []asr.Token{{Span: span, Text: "我没兴趣", Prob: 0.75}},
				MeanLogProb: -0.3, Utterance: span, SNR: &snr}},
			Utterances: []asr.Span{span}, Windows: 1,
		},
		verdict: keywords.Verdict{Hits: []keywords.Hit{}, Score: 0.1, Lexicon: "default 1"},
	}
	if class != "" {
		res.verdict.Hits = []keywords.Hit{
			{Class: keywords.Class("no_need"), Phrase: "不需要", Text: "不需要", Score: 0.95,
				Match: keywords.MatchPinyin,
				Veto:  &keywords.Veto{Reason: keywords.VetoQuestion, Text: "吗"}},
			{Class: class, Phrase: "没兴趣", Text: "没兴趣", Start: 1, End: 4, Time: span,
				Match: keywords.MatchExact, Score: 0.9},
		}
		res.verdict.Score, res.verdict.Suspect = 0.9, true
	}
	return res
}

// attempt begins the recording's next attempt.
func (b *bench) attempt(t testing.TB, id recording.ID) recording.Recording {
	t.Helper()
	r, err := b.Recordings.Get(t.Context(), id)
	require.NoError(t, err)
	r, err = b.Recordings.BeginAttempt(t.Context(), id, r.Attempts)
	require.NoError(t, err)
	return r
}

// suspect is one of the class, about the number.
func (b *bench) suspect(t testing.TB, n int, class keywords.Class) review.Suspect {
	t.Helper()
	r := b.created(t, n)
	require.NoError(t, b.finish(t.Context(), r.ID, result(class)))
	s, err := b.Suspects.ByRecording(t.Context(), r.ID)
	require.NoError(t, err)
	return s
}

// confirmed is a suspect that was confirmed, so that its number is frozen.
func (b *bench) confirmed(t testing.TB, n int, class keywords.Class) review.Suspect {
	t.Helper()
	s, err := b.review.Decide(t.Context(), b.suspect(t, n, class).ID, "li",
		review.Order{Verdict: review.Confirm}, request.Request{})
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
