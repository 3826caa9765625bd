package whisper

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/refrain-asr/refrain/asr"
)

// process is one life of the child, seen from the parent.
type process struct {
	cmd   *exec.Cmd
	in    *os.File // requests, written
	out   *os.File // answers, read
	tail  *tail
	queue chan []byte // frames on their way to the child
	ready ready
	exit  chan struct{} // closed once the process is gone and death is known

	onDeath func(*process, *ChildDiedError) // called at a death that nobody asked for

	mu     sync.Mutex
	calls  map[uint64]*call
	death  error // what calls fail with; set when the process is gone or being stopped
	loaded bool  // the model, so that windows may come
	served int   // windows answered
	// overdue is the limit of the window for which the process was killed, 0 where none was.
	overdue time.Duration
}

// hooks are called for each line on stderr, and when the process died.
type hooks struct {
	line  func(line string)
	death func(p *process, died *ChildDiedError)
}

// closingGrace is how long a child may take to notice that its pipe was closed.
const closingGrace = 2 * time.Second

// launch starts a child and has it load the model. ctx bounds the loading only.
func launch(ctx context.Context, executable string, h hello, on hooks) (*process, error) {
	p := &process{
		queue:   make(chan []byte, 4*h.States+16),
		exit:    make(chan struct{}),
		calls:   make(map[uint64]*call),
		tail:    &tail{each: on.line},
		onDeath: on.death,
	}
	if err := p.start(executable); err != nil {
		return nil, fmt.Errorf("whisper: can't start the speech process (%s %s): %w", executable,
			ChildCommand, err)
	}
	stop := context.AfterFunc(ctx, p.kill)
	answers := bufio.NewReaderSize(p.out, 1<<16)
	go p.write()
	p.queue <- encodeGreeting(frameHello, h)
	err := p.greet(answers)
	if !stop() && ctx.Err() != nil {
		err = fmt.Errorf("whisper: loading the model %s: %w", h.ModelPath, ctx.Err())
	}
	if err != nil {
		p.kill()
		<-p.exit
		_ = p.out.Close()
		return nil, p.explain(err, h.ModelPath)
	}
	p.mu.Lock()
	p.loaded = true
	p.mu.Unlock()
	go p.read(answers)
	return p, nil
}

// start runs the program with the far ends of two pipes, and watches over it.
func (p *process) start(executable string) error {
	childIn, in, err := os.Pipe()
	if err != nil {
		return err
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return errors.Join(err, childIn.Close(), in.Close())
	}
	p.in, p.out = in, out
	p.cmd = exec.Command(executable, ChildCommand) //nolint:noctx // it outlives who started it
	p.cmd.Args[0] = filepath.Base(os.Args[0])
	p.cmd.Env = append(inherited(os.Environ()), childEnv...)
	p.cmd.ExtraFiles = []*os.File{childIn, childOut} // 3 and 4
	p.cmd.Stderr = p.tail
	p.cmd.WaitDelay = closingGrace // for stderr, should something else hold it open
	p.cmd.SysProcAttr = dieWithParent()
	started := make(chan error)
	go p.watch(started)
	err = <-started
	closed := errors.Join(childIn.Close(), childOut.Close())
	if err != nil {
		return errors.Join(err, closed, in.Close(), out.Close())
	}
	return closed
}

// childEnv keeps ggml from starting a debugger when it aborts, and its threads from
// spinning while they wait, which would take the processor from the other states.
var childEnv = []string{childMark + "=1", "GGML_NO_BACKTRACE=1", "OMP_WAIT_POLICY=PASSIVE"}

// passedOn begin the names of the variables that the child gets of ours: where libraries lie, and what they and
// graphics drivers are set by. All others may be secrets, which whoever finds a way into the child must not find.
var passedOn = []string{"PATH=", "HOME=", "TMPDIR=", "TMP=", "TEMP=", "LANG=", "LC_", "TZ=", "LD_", "DYLD_", "SYSTEMROOT=",
	"GOMAXPROCS=", "GODEBUG=", "GOTRACEBACK=", "GORACE=", "GOCOVERDIR=", "OMP_", "GGML_", "OPENBLAS_", "MKL_", "KMP_", "CUDA_", "NVIDIA_", "HIP_", "HSA_", "ROCR_", "VK_", "MESA_", "MTL_",
	"ONEAPI_", "ZE_", "SYCL_", "XDG_RUNTIME_DIR=", "REFRAIN_TEST_"}

// inherited is what of our environment the child gets.
func inherited(env []string) []string {
	return slices.DeleteFunc(env, func(v string) bool {
		return !slices.ContainsFunc(passedOn, func(begin string) bool { return strings.HasPrefix(v, begin) })
	})
}

// childMark keeps a program that forgot ExitIfChild from starting itself without end.
const childMark = "REFRAIN_SPEECH_CHILD"

// watch starts the process and waits for its end, on one thread: Linux kills the
// child when the thread that started it ends.
func (p *process) watch(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	_ = p.cmd.Wait() // ProcessState tells
	p.exited()
}

// greet reads the child's first frame.
func (p *process) greet(answers io.Reader) error {
	f, err := readFrame(answers)
	if err != nil {
		return err
	}
	switch f.kind { //nolint:exhaustive // the others are an error here
	case frameReady:
		return decodeGreeting(f.payload, &p.ready)
	case frameFailed:
		var why failed
		if err := decodeGreeting(f.payload, &why); err != nil {
			return err
		}
		if why.Model {
			return &ModelError{Reason: why.Reason}
		}
		return errors.New(why.Reason)
	}
	return fmt.Errorf("%w: kind %d for a greeting", errFrame, f.kind)
}

// explain turns what went wrong while loading into an error for the reader. A child
// that died without a word died of the model.
func (p *process) explain(err error, path string) error {
	model, blamed := errors.AsType[*ModelError](err)
	switch {
	case blamed:
		return &ModelError{Path: path, Reason: model.Reason}
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) &&
		!errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("whisper: the speech process can't start: %w", err)
	case p.cmd.ProcessState.Success():
		return errors.New("whisper: the program started as the speech process is none: it must " +
			"call whisper.ExitIfChild first thing")
	}
	return &ModelError{
		Path:   path,
		Reason: fmt.Sprintf("whisper.cpp died of it (%s)%s", p.status(), lastWords(p.tail.last())),
	}
}

// write sends queued frames until the child is gone.
func (p *process) write() {
	for {
		select {
		case frame := <-p.queue:
			if _, err := p.in.Write(frame); err != nil {
				p.kill() // most likely it is dead already
				return
			}
		case <-p.exit:
			return
		}
	}
}

// read hands out answers. A child that sends nonsense is no use any more.
func (p *process) read(answers io.Reader) {
	for {
		f, err := readFrame(answers)
		if err != nil {
			break
		}
		var r reply
		r, err = decodeReply(f)
		if err != nil {
			_, _ = fmt.Fprintln(p.tail, err)
			break
		}
		p.finish(r)
	}
	p.kill()
	_ = p.out.Close()
}

// kill ends the process at once; its calls fail when it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
}

// hung ends a process that has not answered a window within its limit.
func (p *process) hung(limit time.Duration) {
	p.mu.Lock()
	p.overdue = limit
	p.mu.Unlock()
	p.kill()
}

// close lets the child end by itself and makes sure that it does.
func (p *process) close() {
	p.fail(asr.ErrClosed)
	_ = p.in.Close()
	select {
	case <-p.exit:
	case <-time.After(closingGrace):
		p.kill()
		<-p.exit
	}
}

// exited is called once the process is gone.
func (p *process) exited() {
	_ = p.in.Close()
	p.mu.Lock()
	died := &ChildDiedError{Status: p.status(), Stderr: p.tail.last(), Windows: len(p.calls),
		Overdue: p.overdue}
	unasked := p.loaded && p.death == nil
	p.mu.Unlock()
	if unasked {
		p.onDeath(p, died)
	}
	p.fail(died)
	close(p.exit)
	// Its last words may still be in the pipe, for the reader, who closes it. The end
	// comes by itself, unless a process that it started holds the pipe open.
	_ = p.out.SetReadDeadline(time.Now().Add(closingGrace))
}

func (p *process) status() string {
	if p.cmd.ProcessState == nil {
		return "still running"
	}
	return p.cmd.ProcessState.String()
}

func (p *process) alive() bool { return p.deathCause() == nil }

func (p *process) deathCause() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.death
}

// answers counts the windows that the process has answered.
func (p *process) answers() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served
}
