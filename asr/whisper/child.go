package whisper

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// ChildCommand is the argument that makes a program the speech process of another:
// its first argument, and the only one.
const ChildCommand = "speech-child"

// The file descriptors of the pipes that a child finds open. Standard input and
// output are left alone, so that a stray print can't damage a frame.
const (
	childIn  = 3
	childOut = 4
)

// ExitIfChild makes the program a speech process, and ends it, if it was started as
// one. Every program that calls Start must call it first thing in main, test binaries
// in TestMain.
func ExitIfChild() {
	if len(os.Args) == 2 && os.Args[1] == ChildCommand {
		os.Exit(childMain())
	}
}

// childMain serves the parent that started this process and returns its exit code.
func childMain() int {
	in, out := os.NewFile(childIn, "requests"), os.NewFile(childOut, "answers")
	if !isPipe(in) || !isPipe(out) {
		fmt.Fprintf(os.Stderr, "%s is started by refrain itself, not by hand\n", ChildCommand)
		return 2
	}
	// A Ctrl-C or a service manager's stop reaches the whole group. The parent may
	// want its windows finished, and ends this process by closing the pipe.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	plainAbort()
	noCore()
	if err := runChild(context.Background(), in, out); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// noCore: a dump of this process's memory would hold what customers said.
func noCore() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // lowering is always allowed
}

func isPipe(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}

// runChild loads the model that the parent names on in, answers its requests on out,
// and returns when in ends or ctx does. Windows that run then are not waited for: the
// process is expected to end. An error means that the process must end.
func runChild(ctx context.Context, in io.Reader, out io.Writer) error {
	in = bufio.NewReaderSize(in, 1<<16)
	h, err := readHello(in)
	if err != nil {
		return err
	}
	c := &child{out: out, cancels: make(map[uint64]context.CancelFunc), broken: make(chan error, 1)}
	answer, err := c.load(h)
	if err != nil {
		return errors.Join(err, c.write(encodeGreeting(frameFailed, failure(err))))
	}
	if err := c.write(encodeGreeting(frameReady, answer)); err != nil {
		return err
	}
	return c.serve(ctx, in)
}

func readHello(in io.Reader) (hello, error) {
	f, err := readFrame(in)
	if err != nil {
		return hello{}, fmt.Errorf("whisper: no greeting from the parent: %w", err)
	}
	var h hello
	if f.kind != frameHello {
		return h, fmt.Errorf("%w: kind %d for a greeting", errFrame, f.kind)
	}
	err = decodeGreeting(f.payload, &h)
	return h, err
}

// child is the serving side in the speech process.
type child struct {
	recogniser *recogniser
	voices     *voices
	broken     chan error // what makes the process unfit to go on

	writing sync.Mutex
	out     io.Writer

	mu      sync.Mutex
	cancels map[uint64]context.CancelFunc
}

// fileError marks errors for which the model file is to blame.
type fileError struct{ error }

func failure(err error) failed {
	_, blamed := errors.AsType[fileError](err)
	return failed{Reason: err.Error(), Model: blamed}
}

func (c *child) load(h hello) (ready, error) {
	if err := errors.Join(SelfTest(), loadBackends()); err != nil {
		return ready{}, err
	}
	if _, err := (decoding{Language: h.Language}).params(); err != nil {
		return ready{}, err
	}
	if err := checkModelFile(h.ModelPath, ggmlBlock, h.AllowEmpty); err != nil {
		return ready{}, fileError{err}
	}
	sum, err := fileSHA256(h.ModelPath)
	if err != nil {
		return ready{}, fileError{err}
	}
	c.recogniser, err = newRecogniser(recogniserOptions{
		ModelPath: h.ModelPath, Language: h.Language, States: h.States, Threads: h.Threads,
		Demo: h.Demo,
	})
	if err != nil {
		return ready{}, fileError{err}
	}
	if c.voices, err = startVoices(); err != nil {
		return ready{}, err
	}
	took, err := c.try(h.Trial)
	if err != nil {
		return ready{}, fileError{err}
	}
	return ready{
		SHA256: sum, Engine: EngineName(), States: h.States, Trial: took,
		ModelType: c.recogniser.facts.Type, Vocabulary: c.recogniser.facts.Vocabulary,
	}, nil
}

// try hears a window for nothing but the time that it takes. What the model can't be made to
// decode, it can't be made to for any call.
func (c *child) try(wanted bool) (took time.Duration, err error) {
	if !wanted {
		return 0, nil
	}
	begun := time.Now()
	_, err = c.recogniser.transcribe(context.Background(), trial())
	return time.Since(begun), err
}

func fileSHA256(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// serve reads requests until the parent closes the pipe, by will or by dying.
func (c *child) serve(ctx context.Context, in io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { c.broken <- c.read(ctx, in) }()
	select {
	case err := <-c.broken:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *child) read(ctx context.Context, in io.Reader) error {
	for {
		f, err := readFrame(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.handle(ctx, f); err != nil {
			return err
		}
	}
}

func (c *child) handle(ctx context.Context, f frame) error {
	switch f.kind { //nolint:exhaustive // the others are an error here
	case frameRequest:
		r, err := decodeRequest(f.payload)
		if err != nil {
			return err
		}
		go c.answer(c.begin(ctx, r.id), r)
		return nil
	case frameSound:
		r, err := decodeRequest(f.payload)
		if err != nil {
			return err
		}
		go c.tellVoices(c.begin(ctx, r.id), r)
		return nil
	case frameCancel:
		id, err := decodeCancel(f.payload)
		if err != nil {
			return err
		}
		c.end(id)
		return nil
	}
	return fmt.Errorf("%w: kind %d is not for a child", errFrame, f.kind)
}

func (c *child) begin(ctx context.Context, id uint64) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancels[id] = cancel
	return ctx
}

// end cancels a request that still runs, and forgets it.
func (c *child) end(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.cancels[id]; cancel != nil {
		cancel()
		delete(c.cancels, id)
	}
}

func (c *child) answer(ctx context.Context, r request) {
	defer c.end(r.id)
	phrases, err := c.recogniser.transcribe(ctx, r)
	if errors.Is(err, errStateLost) {
		c.breakWith(err)
		return
	}
	a := reply{id: r.id, phrases: phrases}
	if err != nil {
		a.failure = err.Error()
	}
	if err := c.write(encodeReply(a)); err != nil {
		c.breakWith(err)
	}
}

func (c *child) breakWith(err error) {
	select {
	case c.broken <- err:
	default: // already broken
	}
}

func (c *child) write(frame []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := c.out.Write(frame)
	return err
}
