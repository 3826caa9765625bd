package asr_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/vad"
)

// read takes a whole track.
func read(t testing.TB, file []byte, c audio.Channel) []float32 {
	t.Helper()
	tr, err := audio.OpenTrack(bytes.NewReader(file), c)
	require.NoError(t, err)
	defer func() { _ = tr.Close() }()
	var out []float32
	block := make([]float32, audio.TrackRate)
	for {
		n, err := tr.Read(block)
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		out = append(out, block[:n]...)
	}
}

// speak has espeak-ng say a phrase, given in pinyin.
func speak(t testing.TB, voice, phrase string) []float32 {
	t.Helper()
	wav, err := exec.Command("espeak-ng", "-v", "cmn-latn-pinyin+"+voice, "-z", "--stdout",
		phrase).Output()
	require.NoError(t, err)
	return trim(read(t, wav, audio.Mono))
}

// trim takes the silence off both ends.
func trim(x []float32) []float32 {
	loud := func(v float32) bool { return v > 0.01 || v < -0.01 }
	for len(x) > 0 && !loud(x[0]) {
		x = x[1:]
	}
	for len(x) > 0 && !loud(x[len(x)-1]) {
		x = x[:len(x)-1]
	}
	return x
}

// byTelephone writes samples as one side of an 8 kHz A-law recording.
func byTelephone(x []float32) []byte {
	data := make([]byte, 0, len(x)/2)
	for i := 0; i+1 < len(x); i += 2 {
		data = append(data, aLaw((x[i]+x[i+1])/2))
	}
	le := binary.LittleEndian
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x06\x00\x01\x00"),
		le.AppendUint32(nil, 8000)...)
	b = append(le.AppendUint32(b, 8000), 1, 0, 8, 0)
	b = le.AppendUint32(append(b, "data"...), uint32(len(data)))
	return append(b, data...)
}

// aLaw codes a sample by G.711.
func aLaw(v float32) byte {
	m, sign := int(v*32768), byte(0x80)
	if m < 0 {
		m, sign = -m-1, 0
	}
	m = min(m, 32767) >> 4
	exp := 0
	for m >= 32 {
		m, exp = m>>1, exp+1
	}
	if m >= 16 {
		m, exp = m-16, exp+1
	}
	return (sign | byte(exp)<<4 | byte(m)) ^ 0x55
}

func scale(x []float32, db float64) []float32 {
	var sum float64
	for _, v := range x {
		sum += float64(v * v)
	}
	f := float32(math.Pow(10, db/20) / math.Sqrt(sum/float64(len(x))))
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = max(-1, min(1, v*f))
	}
	return out
}

// phrases, in pinyin, from the shortest refusals to a sentence with a comma.
var phrases = []string{
	"bu2yong4", "bu2yao4", "wei2", "mei2 xing4qu4", "bie2 zai4 da3 le5", "hao3 de5 zai4jian4",
	"bu4 hao3 yi4si5, wo3 zai4 kai1hui4", "ni3men5 zhe4ge4 duo1shao3 qian2 yi2 ge4 yue4",
}

// spoken is a track with phrases at known times.
type spoken struct {
	x     []float32
	spans [][2]time.Duration
}

// sayAll puts the phrases, two seconds apart, on a line with brown noise.
func sayAll(said [][]float32, speech, noise float64) spoken {
	rng := rand.New(rand.NewPCG(3, 4))
	var s spoken
	pause := make([]float32, 2*audio.TrackRate)
	s.x = append(s.x, pause...)
	for _, p := range said {
		from := len(s.x)
		s.x = append(s.x, scale(p, speech)...)
		s.spans = append(s.spans, [2]time.Duration{sampleTime(from), sampleTime(len(s.x))})
		s.x = append(s.x, pause...)
	}
	y := 0.0
	for i := range s.x {
		y = 0.9*y + 0.44*rng.NormFloat64()
		s.x[i] += float32(math.Pow(10, noise/20) * y)
	}
	return s
}

func sampleTime(n int) time.Duration {
	return time.Duration(n) * time.Second / audio.TrackRate
}

func needEspeak(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("espeak-ng is not installed, and CI must have it")
		}
		t.Skip("SKIPPED: espeak-ng is not installed (apt-get install espeak-ng)")
	}
}

// TestSpokenPhrasesAreFound: every phrase must be found, alone, with all of its
// sound within the samples, and nothing else.
func TestSpokenPhrasesAreFound(t *testing.T) {
	t.Parallel()
	needEspeak(t)
	said := map[string][][]float32{}
	for _, voice := range []string{"m1", "m7", "f2", "croak"} {
		for _, p := range phrases {
			said[voice] = append(said[voice], speak(t, voice, p))
		}
	}
	for _, c := range []struct {
		speech, noise float64
		most          float64 // share of phrases that may be missed or broken
	}{
		{-20, -90, 0},
		{-20, -50, 0},
		{-35, -60, 0},
		{-25, -40, 0},
		{-25, -35, 0.1},
		{-25, -30, 0.3},
	} {
		t.Run(fmt.Sprintf("%g dB over %g dB", c.speech, c.noise), func(t *testing.T) {
			t.Parallel()
			total, whole, extra := 0, 0, 0
			for voice, phrases := range said {
				s := sayAll(phrases, c.speech, c.noise)
				w, e := match(t, voice, s, find(read(t, byTelephone(s.x), audio.Mono)))
				total, whole, extra = total+len(s.spans), whole+w, extra+e
			}
			t.Logf("%d of %d phrases whole, %d stretches besides", whole, total, extra)
			require.LessOrEqual(t, float64(total-whole), c.most*float64(total))
			require.LessOrEqual(t, float64(extra), c.most*float64(total))
		})
	}
}

func find(x []float32) []vad.Utterance {
	d := vad.New(vad.DefaultParams())
	return append(d.Push(x), d.Flush()...)
}

// match counts the phrases that one utterance holds whole, and utterances without
// a phrase.
func match(t *testing.T, voice string, s spoken, found []vad.Utterance) (whole, extra int) {
	used := make([]bool, len(found))
	for k, span := range s.spans {
		ok := false
		for i, u := range found {
			if u.Start < span[1] && u.End > span[0] {
				used[i] = true
				to := u.From + sampleTime(len(u.Samples))
				ok = ok || (u.From <= span[0] && to >= span[1])
			}
		}
		if ok {
			whole++
		} else {
			t.Logf("%s: %q at %v is not whole", voice, phrases[k], span)
		}
	}
	for _, u := range used {
		if !u {
			extra++
		}
	}
	return whole, extra
}
