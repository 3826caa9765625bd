// Command hear has a model transcribe recordings as they are, each in one window: it
// measures the model alone, without the pipeline around it.
//
// Lines on standard input name what to hear: FILE, or FILE CHANNEL START END separated
// by tabs, with times in seconds. Each line comes back on standard output with the
// seconds it took and the text appended.
//
//	go run ./models/training/hear MODEL < list.tsv
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/models"
)

func main() {
	whisper.ExitIfChild()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: hear MODEL < LIST (see go doc)")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "hear:", err)
		os.Exit(1)
	}
}

func run(model string, in io.Reader, out io.Writer) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	path, m, err := models.Resolve(model, os.TempDir())
	if err != nil {
		return err
	}
	engine, err := whisper.Start(ctx, whisper.Config{ModelPath: path, Model: m, States: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := hear(ctx, engine, lines.Text(), out); err != nil {
			return fmt.Errorf("%s: %w", lines.Text(), err)
		}
	}
	return lines.Err()
}

func hear(ctx context.Context, engine asr.Transcriber, line string, out io.Writer) error {
	samples, err := load(line)
	if err != nil {
		return err
	}
	began := time.Now()
	phrases, err := engine.Transcribe(ctx, window(samples, engine.Traits().Model))
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, p := range phrases {
		text.WriteString(p.Text)
	}
	_, err = fmt.Fprintf(out, "%s\t%.3f\t%s\n", line, time.Since(began).Seconds(), text.String())
	return err
}

// window gives the model at least the second it needs, and as short a context as it
// may have.
func window(samples []float32, m asr.Model) asr.Window {
	w := asr.Window{Samples: samples}
	if missing := asr.SampleRate - len(samples); missing > 0 {
		w.Samples = slices.Concat(samples, make([]float32, missing))
	}
	if m.ShortContext {
		w.Context = at(len(w.Samples)) + 160*time.Millisecond
	}
	return w
}

func at(samples int) time.Duration { return time.Duration(samples) * time.Second / asr.SampleRate }

// load reads what a line names.
func load(line string) ([]float32, error) {
	fields := strings.Split(line, "\t")
	channel, from, to := audio.Mono, 0.0, 0.0
	if len(fields) > 1 {
		if _, err := fmt.Sscan(strings.Join(fields[1:], " "), &channel, &from, &to); err != nil {
			return nil, fmt.Errorf("expected FILE CHANNEL START END, separated by tabs: %w", err)
		}
	}
	f, err := os.Open(fields[0])
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	samples, err := readAll(f, channel)
	if err != nil || len(fields) == 1 {
		return samples, err
	}
	end := min(int(to*asr.SampleRate), len(samples))
	return samples[min(max(0, int(from*asr.SampleRate)), end):end], nil
}

func readAll(r io.Reader, c audio.Channel) ([]float32, error) {
	track, err := audio.OpenTrack(r, c)
	if err != nil {
		return nil, err
	}
	defer func() { _ = track.Close() }()
	var samples []float32
	block := make([]float32, asr.SampleRate)
	for {
		n, err := track.Read(block)
		samples = append(samples, block[:n]...)
		if errors.Is(err, io.EOF) {
			return samples, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
