package whisper

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

// signalTo sends the running child a signal. A stopped child keeps its windows in
// flight for as long as a test likes.
func signalTo(t *testing.T, s *Supervisor, sig syscall.Signal) {
	t.Helper()
	pid := s.Stats().PID
	require.NotZero(t, pid)
	require.NoError(t, syscall.Kill(pid, sig))
}

// sent is an onSent hook that tells of every window handed to a child.
func sent(c *Config) <-chan *call {
	handed := make(chan *call, 64)
	c.onSent = func(c *call, _ *process) { handed <- c }
	return handed
}

func TestDeathFailsWindowsInFlightAndNextWorks(t *testing.T) {
	t.Parallel()
	var handed <-chan *call
	s := startDemo(t, func(c *Config) { handed = sent(c) })
	signalTo(t, s, syscall.SIGSTOP)
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := s.Transcribe(t.Context(), silence(maxWindow))
			errs <- err
		}()
	}
	<-handed
	<-handed
	before := s.Stats().PID
	signalTo(t, s, syscall.SIGKILL)
	for range 2 {
		err := <-errs
		var died *ChildDiedError
		require.ErrorAs(t, err, &died)
		require.Equal(t, 2, died.Windows)
		require.False(t, died.Alone)
		require.Contains(t, died.Status, "killed")
	}
	phrases, err := s.Transcribe(t.Context(), window(speech(t, "meixingqu")))
	require.NoError(t, err)
	require.Equal(t, said["meixingqu"], text(phrases))
	stats := s.Stats()
	require.NotEqual(t, before, stats.PID)
	require.Equal(t, 1, stats.Deaths)
	require.Equal(t, 2, stats.Starts)
}

func TestAbortLeavesItsLastWords(t *testing.T) {
	t.Parallel()
	var handed <-chan *call
	s := startDemo(t, func(c *Config) { handed = sent(c) })
	signalTo(t, s, syscall.SIGSTOP)
	errs := make(chan error, 1)
	go func() {
		w := silence(time.Second)
		w.Alone = true
		_, err := s.Transcribe(t.Context(), w)
		errs <- err
	}()
	<-handed
	signalTo(t, s, syscall.SIGABRT)
	signalTo(t, s, syscall.SIGCONT)
	err := <-errs
	require.ErrorIs(t, err, asr.ErrDied)
	var died *ChildDiedError
	require.ErrorAs(t, err, &died)
	require.True(t, died.Alone)
	require.Equal(t, 1, died.Windows)
	require.Contains(t, died.Status, "abort")
}

func TestCancelReturnsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := startDemo(t, func(c *Config) {
		c.States = 1
		c.onSent = func(*call, *process) { cancel() }
	})
	signalTo(t, s, syscall.SIGSTOP) // whatever the child does, the caller must not wait for it
	_, err := s.Transcribe(ctx, silence(maxWindow))
	require.Equal(t, context.Canceled, err)
	signalTo(t, s, syscall.SIGCONT)
	phrases, err := s.Transcribe(t.Context(), window(speech(t, "buxuyao")))
	require.NoError(t, err)
	require.Equal(t, said["buxuyao"], text(phrases))
	require.Equal(t, 1, s.Stats().Starts)
}

func TestWaitingForAStateEndsWithContext(t *testing.T) {
	t.Parallel()
	var handed <-chan *call
	s := startDemo(t, func(c *Config) { c.States = 1; handed = sent(c) })
	signalTo(t, s, syscall.SIGSTOP)
	busy := make(chan error, 1)
	go func() {
		_, err := s.Transcribe(t.Context(), silence(time.Second))
		busy <- err
	}()
	<-handed
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	_, err := s.Transcribe(ctx, silence(time.Second))
	require.Equal(t, context.DeadlineExceeded, err)
	signalTo(t, s, syscall.SIGCONT)
	require.NoError(t, <-busy)
}

// impatient has the limits of windows run out once the function that it returns is called.
func impatient(c *Config) (runOut func()) {
	over := make(chan time.Time)
	c.expires = func(time.Duration) <-chan time.Time { return over }
	return func() { close(over) }
}

func TestHungChildIsKilled(t *testing.T) {
	t.Parallel()
	var handed <-chan *call
	var runOut func()
	s := startDemo(t, func(c *Config) { handed, runOut = sent(c), impatient(c) })
	signalTo(t, s, syscall.SIGSTOP)
	errs := make(chan error, 1)
	go func() {
		_, err := s.Transcribe(t.Context(), silence(time.Second))
		errs <- err
	}()
	<-handed
	runOut()
	err := <-errs
	require.ErrorIs(t, err, asr.ErrDied)
	var died *ChildDiedError
	require.ErrorAs(t, err, &died)
	require.GreaterOrEqual(t, died.Overdue, time.Minute)
	require.ErrorContains(t, err, "not heard within "+died.Overdue.String())
	require.Equal(t, 1, s.Stats().Deaths)
}

func TestHungChildIsKilledThoughNobodyWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var runOut func()
	s := startDemo(t, func(c *Config) {
		c.States = 1
		c.onSent = func(*call, *process) { cancel() }
		runOut = impatient(c)
	})
	signalTo(t, s, syscall.SIGSTOP)
	_, err := s.Transcribe(ctx, silence(time.Second))
	require.Equal(t, context.Canceled, err)
	next := make(chan error, 1)
	go func() { // it waits for the state that the hung window holds
		_, err := s.Transcribe(t.Context(), silence(time.Second))
		next <- err
	}()
	hung := s.current.proc
	runOut()
	<-hung.exit
	<-next // it may itself have been given a limit that was over
	require.GreaterOrEqual(t, s.Stats().Deaths, 1)
}

func TestAloneHasTheChildToItself(t *testing.T) {
	t.Parallel()
	type sight struct {
		alone bool
		calls int
	}
	seen := make(chan sight, 64)
	s := startDemo(t, func(c *Config) {
		c.States = 3
		c.onSent = func(c *call, p *process) {
			p.mu.Lock()
			defer p.mu.Unlock()
			_, own := p.calls[c.id]
			n := len(p.calls)
			if !own {
				n++ // answered already
			}
			seen <- sight{c.alone, n}
		}
	})
	var wg sync.WaitGroup
	for i := range 12 {
		w := window(speech(t, "buxuyao"))
		w.Alone = i%3 == 0
		wg.Go(func() {
			if _, err := s.Transcribe(t.Context(), w); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(seen)
	alone := 0
	for at := range seen {
		if at.alone {
			alone++
			require.Equal(t, 1, at.calls)
		}
	}
	require.Equal(t, 4, alone)
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	var handed <-chan *call
	s := startDemo(t, func(c *Config) { c.States = 1; handed = sent(c) })
	errs := make(chan error, 2)
	for range 2 { // one runs, one waits for the state
		go func() {
			_, err := s.Transcribe(t.Context(), silence(maxWindow))
			errs <- err
		}()
	}
	<-handed
	child := s.current.proc
	require.NoError(t, s.Close())
	<-child.exit
	for range 2 {
		if err := <-errs; err != nil { // nil: it was done before
			require.ErrorIs(t, err, asr.ErrClosed)
		}
	}
	_, err := s.Transcribe(t.Context(), silence(time.Second))
	require.ErrorIs(t, err, asr.ErrClosed)
	require.NoError(t, s.Close(), "closing twice does no harm")
	require.Zero(t, s.Stats().PID)
	require.Zero(t, s.Stats().Deaths, "a stop is no death")
}

func TestStopSignalsAreTheParentsBusiness(t *testing.T) {
	t.Parallel()
	s := startDemo(t, nil)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		signalTo(t, s, sig)
	}
	phrases, err := s.Transcribe(t.Context(), window(speech(t, "meixingqu")))
	require.NoError(t, err)
	require.Equal(t, said["meixingqu"], text(phrases))
	require.Zero(t, s.Stats().Deaths)
}

func TestStartGivesUpWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, Config{ModelPath: demoModel(t), Model: demo})
	require.ErrorIs(t, err, context.Canceled)
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	model := demoModel(t)
	for name, c := range map[string]struct {
		cfg Config
		say string
	}{
		"no model":         {Config{}, "no model file"},
		"negative states":  {Config{ModelPath: model, States: -1}, "negative"},
		"unknown language": {Config{ModelPath: model, Language: "xx"}, `unknown language "xx"`},
		"not there":        {Config{ModelPath: "testdata/none.bin"}, "testdata/none.bin: open"},
		"other checksum": {Config{ModelPath: model, Model: asr.Model{SHA256: "00"}},
			"its SHA-256 is"},
		"no such program": {Config{ModelPath: model, Executable: "testdata/none"},
			"can't start the speech process"},
		"a program of another": {Config{ModelPath: model, Executable: "/bin/true"},
			"must call whisper.ExitIfChild"},
	} {
		_, err := Start(t.Context(), c.cfg)
		require.ErrorContains(t, err, c.say, name)
	}
}

func TestStartInsideChildIsRefused(t *testing.T) {
	t.Setenv(childMark, "1")
	_, err := Start(t.Context(), Config{ModelPath: "any"})
	require.ErrorContains(t, err, "can't start another")
}

// What the server knows by its environment may be a secret, which the child has no need of.
func TestTheChildGetsNoSecrets(t *testing.T) {
	t.Setenv("GOOGLE_API_KEY", "secret")
	t.Setenv("REFRAIN_KEY", "secret")
	t.Setenv("OMP_NUM_THREADS", "3")
	got := inherited(os.Environ())
	require.NotContains(t, got, "GOOGLE_API_KEY=secret")
	require.NotContains(t, got, "REFRAIN_KEY=secret")
	require.Contains(t, got, "OMP_NUM_THREADS=3")
	require.Contains(t, got, "PATH="+os.Getenv("PATH"))
}

func TestPause(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]time.Duration{
		0: 0, 1: 0, 2: 200 * ms, 3: 400 * ms, 6: 3200 * ms, 8: 10 * time.Second,
		1000: 10 * time.Second,
	} {
		require.Equal(t, want, pause(failures), "%d", failures)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	var seen []string
	keep := &tail{each: func(line string) { seen = append(seen, line) }}
	log := slog.New(slog.NewTextHandler(keep, nil))
	for range 2 * tailLines {
		log.Warn("warned")
	}
	_, _ = keep.Write([]byte("ggml.c:42: GGML_ASSERT(x) fai"))
	_, _ = keep.Write([]byte("led\n\nSIGSEGV: segmentation violation\ngoroutine 1 [running]:\n" +
		"main.main()\nunfinished"))
	last := keep.last()
	require.Len(t, last, tailLines)
	require.Equal(t, []string{"ggml.c:42: GGML_ASSERT(x) failed",
		"SIGSEGV: segmentation violation"}, last[tailLines-2:])
	require.Equal(t, "unfinished", seen[len(seen)-1], "the trace is passed on, only not kept")
	_, _ = keep.Write(make([]byte, 100*tailWidth))
	require.Empty(t, keep.partial)
}
