package asr_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/vad"
)

// dualTrack makes an 8 kHz, 16-bit stereo recording of five minutes: line noise on
// both sides, the agent (left) speaking half of the time, the customer a quarter.
func dualTrack() []byte {
	const length, rate = 300, 8000
	rng := rand.New(rand.NewPCG(5, 6))
	x := make([][2]float64, length*rate)
	for i := range x {
		x[i] = [2]float64{0.002 * rng.NormFloat64(), 0.002 * rng.NormFloat64()}
	}
	for at := 1; at+8 < length; at += 12 {
		sing(x[at*rate:(at+6)*rate], 0, 120)
		sing(x[(at+7)*rate:(at+10)*rate], 1, 210)
	}
	le := binary.LittleEndian
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00"),
		le.AppendUint32(nil, rate)...)
	b = append(le.AppendUint32(b, 4*rate), 4, 0, 16, 0)
	b = le.AppendUint32(append(b, "data"...), uint32(4*len(x)))
	for _, f := range x {
		b = le.AppendUint16(b, uint16(int16(f[0]*32767)))
		b = le.AppendUint16(b, uint16(int16(f[1]*32767)))
	}
	return b
}

// sing makes syllables of gliding pitch on one side.
func sing(x [][2]float64, side int, hertz float64) {
	phase := 0.0
	for i := range x {
		t := math.Mod(float64(i)/8000, 0.25) * 4
		phase += 2 * math.Pi * hertz * (1.1 - 0.3*t) / 8000
		for h := 1.0; h*hertz < 2500; h++ {
			x[i][side] += 0.15 / h * math.Sin(h*phase) * math.Sin(math.Pi*t)
		}
	}
}

// BenchmarkFindUtterances reads a recording and does all that comes before the
// Transcriber: decode, split, resample, find utterances. On one core, for the
// customer's track and for both.
func BenchmarkFindUtterances(b *testing.B) {
	file := dualTrack()
	for name, channels := range map[string][]audio.Channel{"customer": {audio.Right},
		"both": {audio.Left, audio.Right}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			report := timed(b)
			for b.Loop() {
				for _, c := range channels {
					require.NotZero(b, utterances(b, file, c))
				}
			}
			report()
		})
	}
}

// BenchmarkInspect is intake's pass over the whole file.
func BenchmarkInspect(b *testing.B) {
	file := dualTrack()
	report := timed(b)
	for b.Loop() {
		_, err := audio.Inspect(bytes.NewReader(file))
		require.NoError(b, err)
	}
	report()
}

// BenchmarkReadTrack is decoding, splitting and resampling without the search.
func BenchmarkReadTrack(b *testing.B) {
	file := dualTrack()
	report := timed(b)
	for b.Loop() {
		tr, err := audio.OpenTrack(bytes.NewReader(file), audio.Right)
		require.NoError(b, err)
		block := make([]float32, audio.TrackRate)
		for err == nil {
			_, err = tr.Read(block)
		}
		require.ErrorIs(b, err, io.EOF)
		require.NoError(b, tr.Close())
	}
	report()
}

// timed begins to measure; what it returns reports how many times faster than the
// recording plays the work went: by the clock, and by the processor's time, which
// is what one core does even when the machine has other work.
func timed(b *testing.B) func() {
	before := processorTime(b)
	return func() {
		audio := 300 * float64(b.N)
		b.ReportMetric(audio/b.Elapsed().Seconds(), "x-realtime")
		b.ReportMetric(audio/(processorTime(b)-before).Seconds(), "x-realtime/core")
	}
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func utterances(b *testing.B, file []byte, c audio.Channel) (found int) {
	tr, err := audio.OpenTrack(bytes.NewReader(file), c)
	require.NoError(b, err)
	defer func() { _ = tr.Close() }()
	d, block := vad.New(vad.DefaultParams()), make([]float32, audio.TrackRate)
	for {
		n, err := tr.Read(block)
		if errors.Is(err, io.EOF) {
			return found + len(d.Flush())
		}
		require.NoError(b, err)
		found += len(d.Push(block[:n]))
	}
}
