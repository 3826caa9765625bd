package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/cli/visible"
)

// Exit codes: done, failed, and used wrongly.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Console is what a command sees of the outside world.
type Console struct {
	// In, Out and Err are the standard streams. Errors and progress go to Err.
	In       io.Reader
	Out, Err io.Writer
	// Getenv looks a variable of the environment up, Now reads the clock.
	Getenv func(string) string
	Now    func() time.Time
	// Pause waits, or returns ctx's error.
	Pause func(ctx context.Context, d time.Duration) error

	// begun says that a command's own work has begun: errors before are wrong use.
	begun bool
}

// New is the console of a program: its environment, and the real clock.
func New(stdin io.Reader, stdout, stderr io.Writer) *Console {
	return &Console{In: stdin, Out: stdout, Err: stderr, Getenv: os.Getenv, Now: time.Now,
		Pause: pause}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// reportedError ends a command whose failures have been reported one by one.
type reportedError struct{ failed, of int }

func (e *reportedError) Error() string { return fmt.Sprintf("%d of %d failed", e.failed, e.of) }

// Failures ends a command that worked on many things and has reported each that failed; it
// is nil where none did.
func Failures(failed, of int) error {
	if failed == 0 {
		return nil
	}
	return &reportedError{failed, of}
}

// Exit reports err, with which cmd has ended, and gives the exit code.
func (c *Console) Exit(ctx context.Context, cmd *cobra.Command, err error) int {
	if err == nil {
		return ExitDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	_, wrongUse := errors.AsType[*usage.Error](err)
	if !c.begun || wrongUse {
		c.Errorf("%v\nRun '%s --help' for how to use it.", err,
			strings.TrimSuffix(cmd.CommandPath(), " help"))
		return ExitUsage
	}
	if reported, ok := errors.AsType[*reportedError](err); ok && reported.of < 2 {
		return ExitFailed // the one complaint says it all
	}
	c.Errorf("%v", err)
	return ExitFailed
}

// Errorf reports on standard error what went wrong.
func (c *Console) Errorf(format string, args ...any) {
	text := visible.Text(fmt.Sprintf(format, args...))
	_, _ = fmt.Fprintln(c.Err, "refrain: "+text) // there is nowhere else to say it
}

// Action makes what a command does its RunE: errors from then on are no wrong use, unless they
// are a usage.Error.
func (c *Console) Action(
	f func(cmd *cobra.Command, args []string) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c.begun = true
		return f(cmd, args)
	}
}

// Println writes lines of text to standard output, and shows what would steer a terminal.
func (c *Console) Println(lines ...string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(c.Out, visible.Text(line)); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	return nil
}

// JSON writes one line of JSON to standard output.
func (c *Console) JSON(v any) error {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	if err == nil {
		_, err = c.Out.Write(visible.JSON(line.Bytes()))
	}
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// JSONLines writes one line of JSON for each of all.
func JSONLines[T, Line any](c *Console, all []T, newLine func(T) Line) error {
	for _, v := range all {
		if err := c.JSON(newLine(v)); err != nil {
			return err
		}
	}
	return nil
}

// Buffered collects what is written to standard output until flush, which can be called again.
func (c *Console) Buffered() (flush func() error) {
	plain := c.Out
	w := bufio.NewWriterSize(plain, 1<<16)
	c.Out = w
	return func() error {
		if err := w.Flush(); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return nil
	}
}

// Input is standard input that ends with ctx: a read that waits for somebody to type
// must not outlive a Ctrl-C.
func (c *Console) Input(ctx context.Context) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { _ = in.CloseWithError(ctx.Err()) }) // never fails
	go func() {
		_, err := io.Copy(in, c.In)
		_ = in.CloseWithError(err) // never fails; nil is io.EOF
	}()
	return out
}

// Watched reports whether people watch standard error.
func (c *Console) Watched() bool { return isTerminal(c.Err) }

// isTerminal reports whether people watch w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// MaxErrors is how many bad rows of a file are reported one by one.
const MaxErrors = 10
