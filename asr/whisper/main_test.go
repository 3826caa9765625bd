package whisper

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

// The test binary is its own speech process.
func TestMain(m *testing.M) {
	ExitIfChild()
	if path := os.Getenv(parentMark); path != "" {
		playParent(path)
	}
	os.Exit(m.Run())
}

// parentMark has the test binary play a parent: start a child, tell its pid, wait.
const parentMark = "REFRAIN_TEST_PARENT"

func playParent(path string) {
	s, err := Start(context.Background(), Config{ModelPath: path, Model: demo, States: 1})
	if err != nil {
		fmt.Fprintln(os.Stdout, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stdout, s.Stats().PID)
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

const demoFile = "../../models/ggml-refrain-demo-zh.bin"

var demo = asr.Model{Name: "refrain-demo-zh", Demo: true, ShortContext: true}

// demoModel is the path of the demo model. A test without it proves nothing.
func demoModel(tb testing.TB) string {
	tb.Helper()
	path, err := filepath.Abs(demoFile)
	require.NoError(tb, err)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			require.NoError(tb, err, "the demo model is part of the repository")
		}
		tb.Skipf("SKIPPED, nothing was tested: no demo model: %v", err)
	}
	return path
}

// startDemo starts a Supervisor that is closed with the test.
func startDemo(tb testing.TB, change func(*Config)) *Supervisor {
	tb.Helper()
	cfg := Config{ModelPath: demoModel(tb), Model: demo, States: 2, Threads: 1}
	if change != nil {
		change(&cfg)
	}
	s, err := Start(tb.Context(), cfg)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s
}

// speech reads a test recording, 16 kHz mono 16-bit.
func speech(tb testing.TB, name string) []float32 {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".wav"))
	require.NoError(tb, err)
	b = b[44:]
	samples := make([]float32, len(b)/2)
	for i := range samples {
		samples[i] = float32(int16(binary.LittleEndian.Uint16(b[2*i:]))) / (1 << 15)
	}
	return samples
}

// window pads an utterance the way the pipeline does: silence around it, and the
// shortest context that holds it.
func window(samples []float32) asr.Window {
	pad := asr.SampleRate * 3 / 10
	padded := make([]float32, max(len(samples)+2*pad, asr.SampleRate))
	copy(padded[pad:], samples)
	return asr.Window{Samples: padded, Context: duration(len(padded)) + 8*slot}
}

func silence(d time.Duration) asr.Window {
	return asr.Window{Samples: make([]float32, int(d.Seconds()*asr.SampleRate))}
}

func text(phrases []asr.Phrase) string {
	var all string
	for _, p := range phrases {
		all += p.Text
	}
	return all
}
