package testcall

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/asr/audio"
)

// Rate of the calls, in hertz: that of telephone lines.
const Rate = 8000

// Root is the top of the source tree.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	if filepath.IsAbs(file) {
		return filepath.Join(filepath.Dir(file), "..", "..")
	}
	return rootAbove() // built with -trimpath
}

// rootAbove is the folder with go.mod above the working directory, "." where there is none. Tests run in their
// package's folder.
func rootAbove() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	return "."
}

// Spoken is the path of a file in spoken: calls whose every word the demo model hears right.
func Spoken(name string) string { return filepath.Join(Root(), "internal", "testcall", "spoken", name) }

// ModelPath is the demo model's file in the source tree.
func ModelPath() string { return filepath.Join(Root(), "models", "ggml-refrain-demo-zh.bin") }

// utterance is one of the evaluation set's files.
type utterance struct {
	name    string
	samples []float32
}

// utterances reads the evaluation set's spoken files once.
var utterances = sync.OnceValues(func() ([]utterance, error) {
	names, err := filepath.Glob(filepath.Join(Root(), "models", "eval", "*.wav"))
	if err != nil {
		return nil, err
	}
	var all []utterance
	for _, name := range names {
		if strings.HasPrefix(filepath.Base(name), "nonspeech") {
			continue
		}
		u, err := read(name)
		if err != nil {
			return nil, err
		}
		all = append(all, utterance{filepath.Base(name), u})
	}
	if len(all) == 0 {
		return nil, errors.New("models/eval holds no utterances")
	}
	return all, nil
})

func read(name string) ([]float32, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	r, err := audio.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var out []float32
	for block := make([]float32, 4096); ; {
		n, err := r.Read([][]float32{block})
		out = append(out, block[:n]...)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
}

// Make makes a call of about that length as a WAV file: 8 kHz, 16 bit, agent left,
// customer right. The customer speaks a quarter of the time, the agent most of the
// rest, and there is line noise on both tracks. The same seed gives the same call.
func Make(seed uint64, length time.Duration) ([]byte, error) {
	all, err := utterances()
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(seed, 0x5eed))
	n := int(length.Seconds() * Rate)
	agent, customer := noise(r, n), noise(r, n)
	spoken := 0 // by the customer, in samples
	for at := Rate / 2; at < n; at += Rate/2 + r.IntN(Rate/2) {
		words := all[r.IntN(len(all))].samples
		if 4*spoken <= at {
			at = say(customer, at, words)
			spoken += len(words)
		} else {
			at = say(agent, at, words)
		}
	}
	return WAV(agent, customer), nil
}

func noise(r *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(r.NormFloat64()) * 0.0008
	}
	return out
}

// say adds words to a track and returns where they end.
func say(track []float32, at int, words []float32) int {
	for i, v := range words {
		if at+i >= len(track) {
			break
		}
		track[at+i] += v
	}
	return at + len(words)
}

// WAV writes tracks of equal length as 16-bit PCM at Rate.
func WAV(tracks ...[]float32) []byte {
	frames := len(tracks[0])
	size := uint32(frames * len(tracks) * 2)
	var b bytes.Buffer
	le := binary.LittleEndian
	b.WriteString("RIFF")
	_ = binary.Write(&b, le, 36+size)
	b.WriteString("WAVEfmt ")
	_ = binary.Write(&b, le, struct {
		Size            uint32
		Tag, Channels   uint16
		Rate, ByteRate  uint32
		Align, BitsEach uint16
	}{16, 1, uint16(len(tracks)), Rate, uint32(Rate * 2 * len(tracks)), uint16(2 * len(tracks)),
		16})
	b.WriteString("data")
	_ = binary.Write(&b, le, size)
	samples := make([]int16, 0, frames*len(tracks))
	for i := range frames {
		for _, t := range tracks {
			samples = append(samples, int16(min(1, max(-1, t[i]))*32767))
		}
	}
	_ = binary.Write(&b, le, samples)
	return b.Bytes()
}
