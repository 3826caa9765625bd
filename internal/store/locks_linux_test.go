package store

import (
	osexec "os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseLocks(t *testing.T) {
	t.Parallel()
	text := []byte(`1: POSIX  ADVISORY  WRITE 4242 00:2e:77 120 120
1: -> POSIX  ADVISORY  WRITE 4243 00:2e:77 120 120
2: POSIX  ADVISORY  READ  4244 00:2e:77 123 123
3: POSIX  ADVISORY  WRITE 4245 00:2e:78 120 120
4: FLOCK  ADVISORY  WRITE 4246 00:2e:77 0 EOF
5: POSIX  ADVISORY  WRITE 4247 00:2e:77 100 EOF
6: POSIX  ADVISORY  WRITE -1 00:2e:77 120 120
7: OFDLCK ADVISORY  WRITE -1 00:2e:77 0 EOF
8: POSIX  ADVISORY  WRITE x 00:2e:77 120 120
9: POSIX  ADVISORY  WRITE 4248 00:2e:77 121 y
nonsense
`)
	require.Equal(t, []int{4242, 4247}, parseLocks(text, 77))
	require.Empty(t, parseLocks(nil, 77))
}

func FuzzParseLocks(f *testing.F) {
	f.Add([]byte("1: POSIX  ADVISORY  WRITE 4242 00:2e:77 120 120\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, pid := range parseLocks(text, 77) {
			require.Positive(t, pid)
		}
	})
}

func TestLockedBy(t *testing.T) {
	t.Parallel()
	require.Contains(t, lockedBy(nil), "another program holds the database")
	require.Contains(t, lockedBy([]holder{{1, "sqlite3"}, {2, "python"}}),
		"another program (sqlite3, process 1; python, process 2) holds")
	require.Empty(t, holders(filepath.Join(t.TempDir(), "missing")))
}

// The lock of the sqlite3 shell, which is where it is believed to be.
func TestHolders(t *testing.T) {
	t.Parallel()
	shell, err := osexec.LookPath("sqlite3")
	if err != nil {
		t.Skip("SKIPPED: there is no sqlite3 shell")
	}
	path := filepath.Join(t.TempDir(), "a.db")
	cmd := osexec.CommandContext(t.Context(), shell, "-batch", path)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = in.Write([]byte("PRAGMA journal_mode=WAL;\nCREATE TABLE a (x);\nBEGIN IMMEDIATE;\n.print held\n"))
	require.NoError(t, err)
	for text := ""; text != "wal\nheld\n"; {
		buf := make([]byte, 64)
		n, err := out.Read(buf)
		require.NoError(t, err)
		text += string(buf[:n])
	}
	require.Equal(t, []holder{{cmd.Process.Pid, "sqlite3"}}, holders(path+"-shm"))
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
	require.Empty(t, holders(path+"-shm"))
}
