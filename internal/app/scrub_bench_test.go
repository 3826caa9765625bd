package app_test

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/app"
)

// campaign is how many numbers the list has that is scrubbed; one of ten is frozen.
const campaign = 2_000_000

// BenchmarkScrub scrubs a campaign list of 2 million numbers with the program itself,
// against a server with 10 million freezes and all shipped rules, and beside it comm, on
// lists that were sorted before: once with all freezes, and once with those alone that
// are in the list, which is the least that anybody has to read. It reports how many
// numbers a second that is, how many times as long as comm it takes (x-comm,
// x-comm-least), and how much of a processor client and server take for a number.
func BenchmarkScrub(b *testing.B) {
	freezes := benchFreezes(b)
	program := buildProgram(b)
	dir := b.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	writeCampaign(b, dir, freezes)
	server := startPeer(b, serveEnv+"="+b.TempDir(), fillEnv+"="+strconv.Itoa(freezes))
	scrub := func() (whole, client time.Duration) {
		_ = os.Remove(file("allowed"))
		cmd := exec.CommandContext(b.Context(), program, "check", "--file", file("list"), "--out", file("allowed"), "--server", server.addr)
		begin := time.Now()
		out, err := cmd.CombinedOutput()
		require.NoError(b, err, string(out))
		return time.Since(begin), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	scrub() // warm up
	var ours, all, least, client, serving time.Duration
	b.ResetTimer()
	for range b.N {
		before := server.processorTime(b)
		whole, own := scrub()
		ours, client, serving = ours+whole, client+own, serving+server.processorTime(b)-before
		all += comm(b, file("sorted"), file("frozen"), file("comm"))
		least += comm(b, file("sorted"), file("met"), file("comm"))
	}
	b.StopTimer()
	require.True(b, bytes.Equal(sortedLines(b, file("comm")), sortedLines(b, file("allowed"))))
	n := float64(b.N * min(campaign, freezes))
	b.ReportMetric(n/ours.Seconds(), "numbers/s")
	b.ReportMetric(n/all.Seconds(), "comm/s")
	b.ReportMetric(n/least.Seconds(), "comm-least/s")
	b.ReportMetric(ours.Seconds()/all.Seconds(), "x-comm")
	b.ReportMetric(ours.Seconds()/least.Seconds(), "x-comm-least")
	b.ReportMetric(client.Seconds()*1e6/n, "client-us")
	b.ReportMetric(serving.Seconds()*1e6/n, "server-us")
}

// buildProgram builds refrain as it is now.
func buildProgram(b *testing.B) string {
	b.Helper()
	path := filepath.Join(b.TempDir(), "refrain")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-tags", "netgo osusergo", "-o", path, "../../cmd/refrain").CombinedOutput()
	require.NoError(b, err, string(out))
	return path
}

// writeCampaign writes the list as it comes, sorted, the frozen numbers, and those of
// them that are in the list.
func writeCampaign(b *testing.B, dir string, freezes int) {
	b.Helper()
	rnd := rand.New(rand.NewPCG(1, 3))
	var list, met []uint64
	for k := range min(campaign, freezes) {
		i := 2*k + 1
		if rnd.IntN(10) == 0 {
			i--
		}
		list = append(list, mobile(b, i))
		if i%2 == 0 {
			met = append(met, list[len(list)-1])
		}
	}
	frozen := make([]uint64, freezes)
	for i := range frozen {
		frozen[i] = mobile(b, 2*i)
	}
	writeNumbers(b, filepath.Join(dir, "list"), list)
	for name, numbers := range map[string][]uint64{"sorted": list, "frozen": frozen, "met": met} {
		slices.Sort(numbers)
		writeNumbers(b, filepath.Join(dir, name), numbers)
	}
}

// mobile is a number of BenchNumber as it is dialled in China: 11 digits.
func mobile(b *testing.B, i int) uint64 {
	b.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(app.BenchNumber(i), "+86"), 10, 64)
	require.NoError(b, err)
	return n
}

func writeNumbers(b *testing.B, path string, numbers []uint64) {
	b.Helper()
	f, err := os.Create(path)
	require.NoError(b, err)
	w := bufio.NewWriterSize(f, 1<<20)
	for _, n := range numbers {
		_, _ = w.Write(append(strconv.AppendUint(w.AvailableBuffer(), n, 10), '\n')) // Flush tells
	}
	require.NoError(b, w.Flush())
	require.NoError(b, f.Close())
}

// comm writes the lines of one sorted file that are not in the other.
func comm(b *testing.B, list, without, to string) time.Duration {
	b.Helper()
	out, err := os.Create(to)
	require.NoError(b, err)
	cmd := exec.CommandContext(b.Context(), "comm", "-23", list, without)
	cmd.Env, cmd.Stdout = append(os.Environ(), "LC_ALL=C"), out
	begin := time.Now()
	require.NoError(b, cmd.Run())
	whole := time.Since(begin)
	require.NoError(b, out.Close())
	return whole
}

// sortedLines are the lines of a file, sorted.
func sortedLines(b *testing.B, path string) []byte {
	b.Helper()
	text, err := os.ReadFile(path)
	require.NoError(b, err)
	lines := bytes.SplitAfter(text, []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	return bytes.Join(lines, nil)
}
