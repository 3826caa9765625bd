package replica

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
)

// dieEnv tells the test binary to take over a snapshot until it is killed: the snapshot's path, the byte that its name
// keys are made of, and behind how many steps of the commit.
const dieEnv = "REFRAIN_TEST_DIE"

func namesOf(t *testing.T, key byte) *freeze.Names {
	t.Helper()
	names, err := freeze.NewNames(bytes.Repeat([]byte{key}, freeze.NameKeySize), bytes.Repeat([]byte{99}, freeze.NameKeySize))
	require.NoError(t, err)
	return names
}

func openAt(t *testing.T, path string) *Replica {
	t.Helper()
	r, err := Open(t.Context(), Options{File: path, KeyFile: path + ".key", Now: func() time.Time { return noon },
		Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return r
}

// takeOver is what a gate does that is told all anew under other keys; die is asked behind each step.
func takeOver(t *testing.T, r *Replica, names *freeze.Names, die func(steps int)) {
	t.Helper()
	w := r.beginFile(t.Context(), names)
	defer w.giveUp()
	w.put(t.Context(), items(t, names))
	require.NoError(t, w.err)
	for i, step := range w.steps(t.Context(), testPlace(names)) {
		die(i)
		require.NoError(t, step())
	}
}

// TestTakeOverUntilKilled is the process that TestKilledWhileItTakesOver has killed.
func TestTakeOverUntilKilled(t *testing.T) {
	text := os.Getenv(dieEnv)
	if text == "" {
		t.Skip("only run by TestKilledWhileItTakesOver, in a process of its own")
	}
	var key byte
	var at int
	var path string
	_, err := fmt.Sscanf(text, "%d %d %s", &key, &at, &path)
	require.NoError(t, err)
	takeOver(t, openAt(t, path), namesOf(t, key), func(steps int) {
		if steps == at {
			self, err := os.FindProcess(os.Getpid())
			require.NoError(t, err)
			require.NoError(t, self.Kill())
			select {}
		}
	})
	fmt.Println("it lived")
}

// A gate that is killed anywhere while it takes over a snapshot whose numbers are named by other keys, twice in a row,
// answers from the one before or from that one when it starts, and keeps no other keys.
func TestKilledWhileItTakesOver(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	const steps, committed = 4, 3
	for first := range steps {
		for second := range steps {
			t.Run(fmt.Sprint(first, " ", second), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "gate.db")
				r, key := openAt(t, path), byte(1)
				takeOver(t, r, namesOf(t, key), func(int) {})
				require.NoError(t, r.Close(t.Context()))
				for i, at := range []int{first, second} {
					cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestTakeOverUntilKilled$")
					cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %s", dieEnv, i+2, at, path))
					out, err := cmd.CombinedOutput()
					require.Error(t, err, "%s", out)
					require.NotContains(t, string(out), "it lived")
					if at >= committed {
						key = byte(i + 2)
					}
				}
				r = openAt(t, path)
				require.NotNil(t, r.known.Load(), "it knows something")
				require.True(t, r.known.Load().names.Same(namesOf(t, key)))
				require.True(t, r.Find(gate.Ask{Number: testNumber(t, "+8613800138002")}, noon).Frozen)
				require.NoError(t, r.Close(t.Context()))
				left, err := readKeys(path + ".key")
				require.NoError(t, err)
				require.Len(t, left, 1)
			})
		}
	}
}
