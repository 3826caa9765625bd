package vad

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	ms = time.Millisecond
	s  = time.Second
)

type bounds struct{ start, end time.Duration }

func TestUtterances(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		track *track
		want  []bounds
	}{
		{"a short reply in digital silence", newTrack(8*s).say(3*s, 250*ms, -25),
			[]bounds{{3 * s, 3250 * ms}}},
		{"a short reply on a line", newTrack(8*s).white(0, 8*s, -55).say(3*s, 250*ms,
			-25).telephone(), []bounds{{3 * s, 3250 * ms}}},
		{"a faint one", newTrack(8*s).white(0, 8*s, -65).say(3*s, 250*ms, -45).telephone(),
			[]bounds{{3 * s, 3250 * ms}}},
		{"one in a street, 10 dB above it", newTrack(8*s).brown(0, 8*s, -35).say(3*s, 300*ms, -25),
			[]bounds{{3 * s, 3300 * ms}}},
		{"at the very start and end", newTrack(4*s).white(0, 4*s, -60).say(0, 400*ms,
			-20).say(3600*ms, 400*ms, -20), []bounds{{0, 400 * ms}, {3600 * ms, 4 * s}}},
		{"nothing but speech", newTrack(300*ms).say(0, 300*ms, -20), []bounds{{0, 300 * ms}}},
		{"a comma's pause", newTrack(8*s).white(0, 8*s, -60).say(2*s, 500*ms, -20).say(2800*ms,
			500*ms, -20), []bounds{{2 * s, 3300 * ms}}},
		{"a sentence's pause", newTrack(8*s).white(0, 8*s, -60).say(2*s, 500*ms, -20).say(3100*ms,
			500*ms, -20), []bounds{{2 * s, 2500 * ms}, {3100 * ms, 3600 * ms}}},
		{"a click beside speech", newTrack(8*s).click(2*s, 0.5).say(3*s, 300*ms, -20),
			[]bounds{{3 * s, 3300 * ms}}},
		{"speech after ring-back", newTrack(12*s).tones(0, 1*s, -15, 450).tones(5*s, 1*s, -15,
			450).say(8*s, 300*ms, -25).telephone(), []bounds{{8 * s, 8300 * ms}}},
		{"speech in noise that has just begun",
			newTrack(14*s).brown(6*s, 8*s, -38).say(7*s, 400*ms, -22),
			[]bounds{{6500 * ms, 7600 * ms}}},
		{"speech over hum", newTrack(8*s).tones(0, 8*s, -20, 50, 100).tones(0, 8*s, -40, 150, 250,
			350).say(4*s, 300*ms, -25), []bounds{{4 * s, 4300 * ms}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			requireBounds(t, c.want, hear(DefaultParams(), c.track.x, 1600))
		})
	}
}

// requireBounds allows for what a swelling vowel's edges leave open.
func requireBounds(t *testing.T, want []bounds, got []Utterance) {
	t.Helper()
	require.Len(t, got, len(want), "%v", spans(got))
	for i, u := range got {
		require.InDelta(t, want[i].start.Seconds(), u.Start.Seconds(), 0.2, "%v", spans(got))
		require.InDelta(t, want[i].end.Seconds(), u.End.Seconds(), 0.2, "%v", spans(got))
	}
}

func spans(us []Utterance) (b []bounds) {
	for _, u := range us {
		b = append(b, bounds{u.Start, u.End})
	}
	return b
}

func TestNobodySpeaks(t *testing.T) {
	t.Parallel()
	busy, ring, keys := newTrack(20*s), newTrack(20*s), newTrack(20*s).white(0, 20*s, -62)
	for at := 1 * s; at < 19*s; at += 700 * ms {
		busy.tones(at, 350*ms, -15, 450)
		keys.tones(at, 80*ms, -20, 770, 1336)
		keys.tones(at+160*ms, 100*ms, -20, 941, 1477)
	}
	for at := 0 * s; at < 20*s; at += 5 * s {
		ring.white(at, 5*s, -58).tones(at, 1*s, -18, 450)
	}
	crackle := newTrack(25 * s)
	for i := range 60 {
		crackle.click(time.Duration(i)*(300*ms+time.Duration(i)*ms), 0.4)
	}
	for _, c := range []struct {
		name  string
		track *track
	}{
		{"digital silence", newTrack(20 * s)},
		{"low noise", newTrack(20*s).white(0, 20*s, -65)},
		{"loud noise", newTrack(20*s).white(0, 20*s, -20)},
		{"a street", newTrack(20*s).brown(0, 20*s, -30)},
		{"noise that begins and ends", newTrack(20*s).white(5*s, 4*s, -30).brown(12*s, 3*s, -25)},
		{"gusts", gusts()},
		{"hum", newTrack(20*s).tones(0, 20*s, -20, 50, 100, 150, 350)},
		{"hum that begins", newTrack(20*s).white(0, 20*s, -60).tones(7*s, 13*s, -30, 50, 150, 250,
			350)},
		{"dial tone", newTrack(20*s).tones(0, 20*s, -15, 450)},
		{"busy tone", busy},
		{"ring-back", ring},
		{"North American ring-back", newTrack(20*s).tones(1*s, 2*s, -20, 440, 480).tones(7*s, 2*s,
			-20, 440, 480)},
		{"keys", keys},
		{"a click", newTrack(20*s).click(9*s, 0.9)},
		{"crackle", crackle},
		{"an offset", offset(newTrack(20 * s))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, spans(hear(DefaultParams(), c.track.x, 1600)))
			require.Empty(t, spans(hear(DefaultParams(), c.track.telephone().x, 1600)),
				"by telephone")
		})
	}
}

// gusts is a minute in which noise of all kinds comes and goes.
func gusts() *track {
	t := newTrack(time.Minute).white(0, time.Minute, -65)
	for at := s; at < 58*s; at += 2500 * ms {
		length, level := time.Duration(t.rng.IntN(1900)+50)*ms, -20-20*t.rng.Float64()
		if t.rng.IntN(2) == 0 {
			t.white(at, length, level)
		} else {
			t.brown(at, length, level)
		}
	}
	return t
}

// offset is a recorder's direct current, switched on half-way.
func offset(t *track) *track {
	for i := len(t.x) / 2; i < len(t.x); i++ {
		t.x[i] += 0.2
	}
	return t
}

func TestUtteranceHoldsItsPadding(t *testing.T) {
	t.Parallel()
	x := newTrack(8*s).white(0, 8*s, -60).say(100*ms, 400*ms, -20).say(4*s, 400*ms, -20).x
	got := hear(DefaultParams(), x, 777)
	require.Len(t, got, 2)
	require.Zero(t, got[0].From) // the recording begins there
	require.Equal(t, got[1].Start-300*ms, got[1].From)
	for _, u := range got {
		from := samplesOf(u.From)
		require.Len(t, u.Samples, samplesOf(u.End+300*ms)-from)
		require.Equal(t, x[from:from+len(u.Samples)], u.Samples)
	}
}

func TestPaddingDoesNotReachIntoNeighbours(t *testing.T) {
	t.Parallel()
	p := DefaultParams()
	p.MergeGap, p.Pad = 100*ms, 1*s
	x := newTrack(8*s).say(2*s, 500*ms, -20).say(2900*ms, 500*ms, -20).x
	got := hear(p, x, 1600)
	require.Len(t, got, 2)
	require.LessOrEqual(t, got[0].From+time.Duration(len(got[0].Samples))*s/SampleRate,
		got[1].Start)
}

func TestBlocksDoNotMatter(t *testing.T) {
	t.Parallel()
	tr := newTrack(40*s).brown(0, 40*s, -50)
	for at := 1 * s; at < 39*s; at += 1700 * ms {
		tr.say(at, 600*ms, -25)
	}
	want := hear(DefaultParams(), tr.x, len(tr.x))
	require.Len(t, want, 23)
	for _, block := range []int{1, 159, 16000} {
		require.Equal(t, want, hear(DefaultParams(), tr.x, block))
	}
}

func TestLongSpeechIsCutWhereItIsQuietest(t *testing.T) {
	t.Parallel()
	tr := newTrack(70*s).white(0, 70*s, -70)
	for at := 1 * s; at < 69*s; at += 500 * ms {
		tr.say(at, 480*ms, -20)
	}
	quiet := tr.part(21500*ms, 480*ms) // one word is swallowed
	for i := range quiet {
		quiet[i] *= 0.05
	}
	p := DefaultParams()
	p.Floor, p.Rise, p.Fall = -90, 2, 2
	got := hear(p, tr.x, 1600)
	require.Greater(t, len(got), 2)
	require.InDelta(t, 21.75, got[0].End.Seconds(), 0.35)
	for i, u := range got {
		require.LessOrEqual(t, len(u.Samples), samplesOf(p.MaxUtterance))
		if i > 0 {
			require.LessOrEqual(t, u.Start-got[i-1].End, 200*ms)
		}
	}
	require.InDelta(t, 69, got[len(got)-1].End.Seconds(), 0.3)
}

func TestSNR(t *testing.T) {
	t.Parallel()
	for _, noise := range []float64{-55, -45, -40} {
		got := hear(DefaultParams(), newTrack(10*s).white(0, 10*s, noise).say(4*s, 1*s, -20).x,
			1600)
		require.Len(t, got, 1)
		// Half of white noise lies below 4 kHz, and speech's edges don't count as loud.
		require.InDelta(t, -20-(noise-3), got[0].SNR, 4)
	}
	require.InDelta(t, maxSNR, hear(DefaultParams(), newTrack(10*s).say(4*s, 1*s, -20).x,
		1600)[0].SNR, 0)
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	d := New(DefaultParams())
	block := newTrack(1*s).say(0, 1*s, -20).x
	for i := range 200 {
		for _, u := range d.Push(block) {
			require.LessOrEqual(t, u.End-u.Start, 28*s)
		}
		if i > 60 {
			require.Less(t, cap(d.source.items), 80*SampleRate)
			require.Less(t, cap(d.narrow.items), 40*narrowRate)
			require.Less(t, cap(d.frames.items), 8000)
		}
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	require.NoError(t, DefaultParams().Check())
	require.Equal(t, "refrain-vad/1 min=100ms pad=300ms gap=400ms max=28s rise=9 fall=6 floor=-60",
		DefaultParams().String())
	for _, change := range []func(*Params){
		func(p *Params) { p.MinSpeech = 0 },
		func(p *Params) { p.Pad = -1 },
		func(p *Params) { p.MergeGap = time.Minute },
		func(p *Params) { p.MaxUtterance = 31 * s },
		func(p *Params) { p.Fall = 12 },
		func(p *Params) { p.Rise = math.NaN() },
		func(p *Params) { p.Floor = 0 },
	} {
		p := DefaultParams()
		change(&p)
		require.Error(t, p.Check())
		require.Panics(t, func() { New(p) })
	}
}

func FuzzDetector(f *testing.F) {
	f.Add([]byte{1, 2, 3, 200, 100, 0, 0, 0}, uint16(100))
	f.Fuzz(func(t *testing.T, shape []byte, block uint16) {
		tr := newTrack(min(time.Duration(len(shape)), 300) * 200 * ms)
		for i, b := range shape[:min(len(shape), 300)] {
			at, level := time.Duration(i)*200*ms, -float64(b&63)
			switch b >> 6 {
			case 0:
				tr.say(at, 200*ms, level)
			case 1:
				tr.brown(at, 200*ms, level)
			case 2:
				tr.tones(at, 200*ms, level, 450)
			}
		}
		before := time.Duration(-1)
		for _, u := range hear(DefaultParams(), tr.x, int(block)+1) {
			require.GreaterOrEqual(t, u.Start, before)
			require.Less(t, u.Start, u.End)
			require.LessOrEqual(t, u.From, u.Start)
			from := samplesOf(u.From)
			require.GreaterOrEqual(t, from+len(u.Samples), samplesOf(u.End))
			require.LessOrEqual(t, len(u.Samples), samplesOf(28*s))
			require.Equal(t, tr.x[from:from+len(u.Samples)], u.Samples)
			before = u.End
		}
	})
}
