package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"time"
)

// Source says where a secret comes from: one of its fields is set, or none.
type Source struct {
	// File holds it.
	File string `yaml:"file" env:"FILE"`
	// Env is the name of the variable that holds it.
	Env string `yaml:"env" env:"ENV"`
	// Command is a program with its arguments, which writes it to standard output. There is no
	// shell between.
	Command []string `yaml:"command" env:"COMMAND"`
}

// Limits of what a source may give and take.
const (
	maxSize  = 64 << 10
	patience = 30 * time.Second
)

// Set tells that there is a source.
func (s Source) Set() bool { return s.File != "" || s.Env != "" || len(s.Command) > 0 }

// String says where the secret comes from, and nothing of it.
func (s Source) String() string {
	switch {
	case s.File != "":
		return s.File
	case s.Env != "":
		return "the environment's " + s.Env
	case len(s.Command) > 0:
		return "the command " + s.Command[0]
	}
	return ""
}

// variable is what a variable of the environment may be called.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Validate refuses a source that is none, or several.
func (s Source) Validate() error {
	set := 0
	for _, is := range []bool{s.File != "", s.Env != "", len(s.Command) > 0} {
		if is {
			set++
		}
	}
	switch {
	case set > 1:
		return errors.New("is given in several ways; keep one of file, env and command")
	case s.Env != "" && !variable.MatchString(s.Env):
		return fmt.Errorf("env is %q; it must be the name of a variable", s.Env)
	case len(s.Command) > 0 && s.Command[0] == "":
		return errors.New("command begins with an empty name; it must be a program and its arguments")
	}
	return nil
}

// Read reads the secret. Its errors never tell it, nor what a command wrote.
func (s Source) Read(ctx context.Context) ([]byte, error) {
	switch {
	case s.File != "":
		return s.readFile()
	case s.Env != "":
		if text := os.Getenv(s.Env); text != "" {
			return []byte(text), nil
		}
		return nil, fmt.Errorf("the environment has no %s", s.Env)
	}
	return s.run(ctx)
}

func (s Source) readFile() ([]byte, error) {
	f, err := os.Open(s.File)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(text) > maxSize {
		err = fmt.Errorf("%s has more than %d bytes, which no secret has", s.File, maxSize)
	}
	return text, err
}

// run takes what the command writes.
func (s Source) run(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var out limited
	cmd := exec.CommandContext(ctx, s.Command[0], s.Command[1:]...) //nolint:gosec // the operator names it
	cmd.Stdout, cmd.WaitDelay = &out, time.Second
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%v gave nothing within %s: %w", s, patience, ctx.Err())
	case out.over:
		return nil, fmt.Errorf("%v wrote more than %d bytes, which no secret has", s, maxSize)
	case err != nil:
		return nil, fmt.Errorf("%v failed (%w): run it by hand as the server's user to see why", s, err)
	case len(bytes.TrimSpace(out.kept.Bytes())) == 0:
		return nil, fmt.Errorf("%v wrote nothing", s)
	}
	return out.kept.Bytes(), nil
}

// limited keeps so many bytes, and takes the rest without an error, so that the program ends by itself.
type limited struct {
	kept bytes.Buffer // not embedded: its ReadFrom would take everything
	over bool
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.kept.Len()+len(p) > maxSize {
		l.over = true
		return len(p), nil
	}
	return l.kept.Write(p)
}
