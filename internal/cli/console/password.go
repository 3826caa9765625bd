package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxPasswordLine is the longest line that is read as a password, in bytes.
const maxPasswordLine = 1 << 10

// NewPassword reads a password that is to be set: at a terminal twice, without showing it, and else the first
// line of standard input. It is never an argument, which other users of the machine can see.
func (c *Console) NewPassword(ctx context.Context, whose string) (string, error) {
	in, ok := c.In.(*os.File)
	if !ok || !isTerminal(in) {
		return firstLine(c.Input(ctx))
	}
	first, err := c.hidden(ctx, in, "New password for "+whose+": ")
	if err != nil {
		return "", err
	}
	again, err := c.hidden(ctx, in, "Once more: ")
	if err != nil {
		return "", err
	}
	if first != again {
		return "", errors.New("the two passwords are not the same; nothing was changed")
	}
	return first, nil
}

func firstLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password from standard input: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", errors.New("there is no password on standard input: write it there as one line")
	}
	return line, nil
}

// hidden reads a line that isn't shown. Where ctx ends, the terminal shows again what is typed.
func (c *Console) hidden(ctx context.Context, in *os.File, prompt string) (string, error) {
	fd := int(in.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	_, _ = fmt.Fprint(c.Err, prompt)
	type result struct {
		text []byte
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		read <- result{text, err}
	}()
	select {
	case r := <-read:
		_, _ = fmt.Fprintln(c.Err)
		if r.err != nil {
			return "", fmt.Errorf("read the password: %w", r.err)
		}
		return string(r.text), nil
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, state))
	}
}
