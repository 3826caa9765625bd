package transcribe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/recording"
)

// transcribe transcribes one file and judges it.
func (t *transcriber) transcribe(ctx context.Context, e *speech, file string) (Line, error) {
	counted := int64(0)
	count := func(n int64) {
		t.bar.Set(t.read.Add(n - counted))
		counted = n
	}
	defer func() { count(files.Size(file)) }()
	f, err := files.Open(file)
	if err != nil {
		return Line{}, err
	}
	defer func() { _ = f.Close() }()
	info, channel, err := t.inspect(ctx, file, f)
	if err != nil {
		return Line{}, err
	}
	read, err := audio.Named(file, &countingReader{f, count, 0}, files.Size(file))
	if err != nil {
		return Line{}, err
	}
	customer, err := t.hear(ctx, e, read, channel, info)
	if err != nil {
		return Line{}, err
	}
	answered := output.Duration(t.answered)
	both := heard{customer: customer, defects: recording.HeardDefects(customer, answered)}
	verdict := t.judge.Transcript(customer, answered)
	only, wanted := t.agentTrack.Listen(customer, verdict)
	if wanted && channel != audio.Mono {
		agent, err := t.hearAgent(ctx, e, file, f, channel.Other(), only)
		if err != nil {
			return Line{}, err
		}
		both.agent = &agent
		verdict = t.judge.Call(customer, agent, answered)
	}
	line := newLine(file, info, both, verdict)
	line.Model, line.DemoModel = t.used.Name, t.used.Demo
	return line, nil
}

// heard is what was heard in a file.
type heard struct {
	customer asr.Transcript
	agent    *asr.Transcript // nil where it wasn't
	defects  recording.Defects
}

// inspect finds out what a file is and where in it the customer is heard, and winds it back.
func (t *transcriber) inspect(
	ctx context.Context, name string, f *os.File,
) (audio.Info, audio.Channel, error) {
	r, err := audio.Named(name, files.Reader(ctx, f), files.Size(name))
	if err != nil {
		return audio.Info{}, "", err
	}
	info, err := t.files.Inspect(ctx, r)
	if err != nil {
		return info, "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return info, "", fmt.Errorf("read it again: %w", err)
	}
	channel, err := t.channelOf(info)
	if err == nil {
		err = info.Side(channel)
	}
	return info, channel, err
}

// hear transcribes the customer's side of an audio file.
func (t *transcriber) hear(
	ctx context.Context, e *speech, r io.Reader, channel audio.Channel, info audio.Info,
) (asr.Transcript, error) {
	if answered := output.Duration(t.answered); answered > info.Duration() {
		return asr.Transcript{}, fmt.Errorf("--answer-offset is %v, but the audio ends at %v",
			answered, info.Duration().Round(time.Millisecond))
	}
	track := asr.Track{Side: asr.Customer, Audio: r, Files: t.files, Channel: channel,
		Answered: output.Duration(t.answered)}
	transcript, _, err := asr.Hear(ctx, e, asr.Config{Mixer: e.mixer, Second: t.second}, track)
	return transcript, err
}

// hearAgent reads an audio file once more, to transcribe the agent's side of it.
func (t *transcriber) hearAgent(
	ctx context.Context, e *speech, name string, f *os.File, channel audio.Channel, only []asr.Span,
) (asr.Transcript, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return asr.Transcript{}, fmt.Errorf("read it again: %w", err)
	}
	r, err := audio.Named(name, files.Reader(ctx, f), files.Size(name))
	if err != nil {
		return asr.Transcript{}, err
	}
	transcript, _, err := asr.Hear(ctx, e, asr.Config{Mixer: e.mixer},
		asr.Track{Side: asr.Agent, Audio: r, Files: t.files, Channel: channel, Only: only})
	return transcript, err
}

// channelOf is where the customer is heard.
func (t *transcriber) channelOf(info audio.Info) (audio.Channel, error) {
	switch mono := info.Channels == 1; {
	case t.channel == "" && mono:
		return audio.Mono, nil
	case t.channel == "":
		return audio.Right, nil
	case mono && t.channel != audio.Mono:
		return "", fmt.Errorf("--customer-channel is %s, but the file has one channel; if it is "+
			"the customer's, say --customer-channel mono", t.channel)
	case !mono && t.channel == audio.Mono:
		return "", errors.New("--customer-channel is mono, but the file has two channels; say " +
			"--customer-channel left or right")
	}
	return t.channel, nil
}

// countingReader reports how many bytes were read.
type countingReader struct {
	r      io.Reader
	report func(int64)
	n      int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	r.report(r.n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read it: %w", err)
	}
	return n, err
}
