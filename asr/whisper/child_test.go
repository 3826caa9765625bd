package whisper

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// talk runs a child in this process and returns the parent's ends of its pipes.
func talk(t *testing.T) (to io.WriteCloser, from io.Reader, ended <-chan error) {
	t.Helper()
	in, to := io.Pipe()
	from, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := runChild(t.Context(), in, out)
		_ = out.Close()
		done <- err
	}()
	return to, from, done
}

func write(t *testing.T, w io.Writer, frames ...[]byte) {
	t.Helper()
	for _, f := range frames {
		_, err := w.Write(f)
		require.NoError(t, err)
	}
}

func demoHello(t *testing.T) []byte {
	t.Helper()
	return encodeGreeting(frameHello, hello{ModelPath: demoModel(t), Language: "zh", States: 1,
		Threads: 1, Demo: true})
}

func TestChildServes(t *testing.T) {
	t.Parallel()
	to, from, ended := talk(t)
	write(t, to, demoHello(t))
	f, err := readFrame(from)
	require.NoError(t, err)
	require.Equal(t, frameReady, f.kind)
	var r ready
	require.NoError(t, decodeGreeting(f.payload, &r))
	require.Equal(t, EngineName(), r.Engine)
	require.Equal(t, 51865, r.Vocabulary)

	w := window(speech(t, "meixingqu"))
	write(t, to, encodeRequest(request{id: 5, slots: slotStep, samples: w.Samples}))
	f, err = readFrame(from)
	require.NoError(t, err)
	a, err := decodeReply(f)
	require.NoError(t, err)
	require.EqualValues(t, 5, a.id)
	require.Equal(t, said["meixingqu"], text(a.phrases))

	write(t, to, encodeCancel(99)) // none such: no harm
	require.NoError(t, to.Close())
	require.NoError(t, <-ended)
}

func TestChildCancels(t *testing.T) {
	t.Parallel()
	to, from, ended := talk(t)
	write(t, to, demoHello(t))
	_, err := readFrame(from)
	require.NoError(t, err)
	// The first keeps the only state; the second is cancelled while it waits.
	long := silence(maxWindow).Samples
	write(t, to, encodeRequest(request{id: 1, samples: long}),
		encodeRequest(request{id: 2, samples: long}),
		encodeCancel(1), encodeCancel(2))
	answers := make(map[uint64]string)
	for range 2 {
		f, err := readFrame(from)
		require.NoError(t, err)
		a, err := decodeReply(f)
		require.NoError(t, err)
		answers[a.id] = a.failure
	}
	require.Equal(t, context.Canceled.Error(), answers[1])
	require.Equal(t, context.Canceled.Error(), answers[2])
	require.NoError(t, to.Close())
	require.NoError(t, <-ended)
}

func TestChildRefusesNonsense(t *testing.T) {
	t.Parallel()
	for name, first := range map[string][]byte{
		"not a frame":      []byte("GET / HTTP/1.1\r\n\r\n"),
		"no greeting":      encodeCancel(1),
		"another protocol": encodeFrame(frameHello, []byte{protocolVersion + 1, '{', '}'}),
		"broken greeting":  encodeFrame(frameHello, []byte{protocolVersion, '{'}),
		"greeting cut off": {9, 0, 0, 0, byte(frameHello)},
		"nothing at all":   {},
		"unusable greeting": encodeGreeting(frameHello,
			hello{ModelPath: "testdata/none.bin", Language: "zh"}),
	} {
		to, from, ended := talk(t)
		go func() { _, _ = io.Copy(io.Discard, from) }()
		write(t, to, first)
		require.NoError(t, to.Close())
		require.Error(t, <-ended, name)
	}
}

func TestChildEndsOnDamagedRequest(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string][]byte{
		"request": encodeFrame(frameRequest, []byte("short")),
		"cancel":  encodeFrame(frameCancel, nil),
		"answer":  encodeFrame(frameReply, nil),
		"stray":   []byte("Hello, world\n"),
	} {
		to, from, ended := talk(t)
		write(t, to, demoHello(t))
		_, err := readFrame(from)
		require.NoError(t, err)
		write(t, to, bad)
		require.ErrorIs(t, <-ended, errFrame, name)
	}
}

func TestChildCommandByHand(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), self, ChildCommand).CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 2, exit.ExitCode())
	require.Contains(t, string(out), "not by hand")
	require.NotContains(t, strings.ToLower(string(out)), "goroutine")
}
