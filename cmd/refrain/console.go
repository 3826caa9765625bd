package main

import (
	"bufio"
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
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// console is what a command sees of the outside world.
type console struct {
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	now      func() time.Time
	// pause waits, or returns ctx's error.
	pause func(ctx context.Context, d time.Duration) error

	// begun tells that a command's own work has begun: errors before are wrong use.
	begun bool
}

func newConsole(stdin io.Reader, stdout, stderr io.Writer) *console {
	return &console{in: stdin, out: stdout, err: stderr, getenv: os.Getenv, now: time.Now, pause: pause}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// usageError is wrong use: exit code 2.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func misuse(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// reportedError ends a command whose failures have been reported one by one.
type reportedError struct{ failed, of int }

func (e *reportedError) Error() string { return fmt.Sprintf("%d of %d failed", e.failed, e.of) }

// failures ends a command that worked on many things.
func failures(failed, of int) error {
	if failed == 0 {
		return nil
	}
	return &reportedError{failed, of}
}

func runProgram(ctx context.Context, c *console, p parts, args []string) int {
	root := newRoot(c, p)
	root.SetArgs(args)
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	cmd, err := root.ExecuteContextC(ctx)
	return c.exit(ctx, cmd, err)
}

// exit tells of err, with which cmd has ended, and gives the exit code.
func (c *console) exit(ctx context.Context, cmd *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	_, wrongUse := errors.AsType[*usageError](err)
	if !c.begun || wrongUse {
		c.complain("%v\nRun '%s --help' for how to use it.", err, strings.TrimSuffix(cmd.CommandPath(), " help"))
		return exitUsage
	}
	if reported, ok := errors.AsType[*reportedError](err); ok && reported.of < 2 {
		return exitFailed // the one complaint says it all
	}
	c.complain("%v", err)
	return exitFailed
}

// complain tells on standard error what went wrong.
func (c *console) complain(format string, args ...any) {
	_, _ = fmt.Fprintf(c.err, "refrain: "+format+"\n", args...) // there is nowhere else to say it
}

// work wraps what a command does.
func (c *console) work(f func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c.begun = true
		return f(cmd, args)
	}
}

// println writes lines of text to standard output.
func (c *console) println(lines ...string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(c.out, line); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	return nil
}

// json writes one line of JSON to standard output.
func (c *console) json(v any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// buffered collects what is written to standard output until flush.
func (c *console) buffered() (flush func() error) {
	plain := c.out
	w := bufio.NewWriterSize(plain, 1<<16)
	c.out = w
	return func() error {
		if err := w.Flush(); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		return nil
	}
}

// input is standard input that ends with ctx: a read that waits for somebody to type
// must not outlive a Ctrl-C.
func (c *console) input(ctx context.Context) io.Reader {
	out, in := io.Pipe()
	context.AfterFunc(ctx, func() { _ = in.CloseWithError(ctx.Err()) }) // never fails
	go func() {
		_, err := io.Copy(in, c.in)
		_ = in.CloseWithError(err) // never fails; nil is io.EOF
	}()
	return out
}

// isTerminal tells whether people watch w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
