package hearing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
)

// Source is a recording that can be read several times.
type Source struct {
	// Name is its file's, whose ending tells what sound without a header is.
	Name string
	// Sound is the file, of Size bytes.
	Sound io.ReadSeeker
	Size  int64
	// Channel is where the customer is heard in it, "" for where the Setup says.
	Channel audio.Channel
	// Answered is where in it the call is answered, 0 for where the Setup says.
	Answered time.Duration
}

// read reads it from its beginning.
func (s Source) read(ctx context.Context) (io.Reader, error) {
	if _, err := s.Sound.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read it again: %w", err)
	}
	return audio.Named(s.Name, files.Reader(ctx, failing{s.Sound}), s.Size)
}

// failing says of what goes wrong that it was reading.
type failing struct{ r io.Reader }

func (r failing) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("read it: %w", err)
	}
	return n, err
}

// Known is a recording of which it is known what it is.
type Known struct {
	Source
	// Info is its format, and Channel where in it the customer is heard.
	Info    audio.Info
	Channel audio.Channel
}

// Inspect finds out what a recording is and where in it the customer is heard.
func (s *Setup) Inspect(ctx context.Context, src Source) (Known, error) {
	k := Known{Source: src}
	if k.Answered == 0 {
		k.Answered = s.Answered
	}
	r, err := src.read(ctx)
	if err != nil {
		return k, err
	}
	if k.Info, err = s.Files.Inspect(ctx, r); err != nil {
		return k, err
	}
	if k.Channel = src.Channel; k.Channel == "" {
		k.Channel, err = s.channelOf(k.Info)
	}
	if err == nil {
		err = k.Info.Side(k.Channel)
	}
	if err == nil && k.Answered > k.Info.Duration() {
		err = fmt.Errorf("--answer-offset is %v, but the audio ends at %v",
			k.Answered, k.Info.Duration().Round(time.Millisecond))
	}
	return k, err
}

// channelOf is where the customer is heard.
func (s *Setup) channelOf(info audio.Info) (audio.Channel, error) {
	switch mono := info.Channels == 1; {
	case s.Channel == "" && mono:
		return audio.Mono, nil
	case s.Channel == "":
		return audio.Right, nil
	case mono && s.Channel != audio.Mono:
		return "", fmt.Errorf("--customer-channel is %s, but the file has one channel; if it is "+
			"the customer's, say --customer-channel mono", s.Channel)
	case !mono && s.Channel == audio.Mono:
		return "", errors.New("--customer-channel is mono, but the file has two channels; say " +
			"--customer-channel left or right")
	}
	return s.Channel, nil
}

// Customer transcribes the customer's side.
func (h *Hearer) Customer(
	ctx context.Context, k Known, cfg asr.Config,
) (asr.Transcript, asr.Stats, error) {
	r, err := k.read(ctx)
	if err != nil {
		return asr.Transcript{}, asr.Stats{}, err
	}
	cfg.Second = h.Second
	return asr.Hear(ctx, h.engine, cfg, asr.Track{Side: asr.Customer, Audio: r, Files: h.Files,
		Channel: k.Channel, Answered: k.Answered})
}

// Wants tells which stretches of the agent's side are worth hearing too, none for all of it.
func (h *Hearer) Wants(k Known, customer asr.Transcript) (only []asr.Span, wanted bool) {
	if k.Channel == audio.Mono {
		return nil, false
	}
	return h.AgentTrack.Listen(customer, h.Judge.Transcript(customer, k.Answered))
}

// Agent transcribes those stretches of the agent's side, all of it where there are none.
func (h *Hearer) Agent(
	ctx context.Context, k Known, only []asr.Span, cfg asr.Config,
) (asr.Transcript, asr.Stats, error) {
	r, err := k.read(ctx)
	if err != nil {
		return asr.Transcript{}, asr.Stats{}, err
	}
	return asr.Hear(ctx, h.engine, cfg, asr.Track{Side: asr.Agent, Audio: r, Files: h.Files,
		Channel: k.Channel.Other(), Only: only})
}

// Heard is what was heard in a recording, and what that means.
type Heard struct {
	Info     audio.Info
	Customer asr.Transcript
	Agent    *asr.Transcript // nil where it wasn't heard
	Verdict  keywords.Verdict
	Defects  recording.Defects
}

// Judged judges what was heard in a recording that was answered then.
func (s *Setup) Judged(
	info audio.Info, answered time.Duration, customer asr.Transcript, agent *asr.Transcript,
) Heard {
	h := Heard{Info: info, Customer: customer, Agent: agent,
		Defects: recording.FileDefects(info) | recording.HeardDefects(customer, answered)}
	if agent == nil {
		h.Verdict = s.Judge.Transcript(customer, answered)
	} else {
		h.Verdict = s.Judge.Call(customer, *agent, answered)
	}
	return h
}

// Call hears a recording and judges it.
func (h *Hearer) Call(ctx context.Context, src Source, mixer *asr.Mixer) (Heard, error) {
	k, err := h.Inspect(ctx, src)
	if err != nil {
		return Heard{}, err
	}
	cfg := asr.Config{Mixer: mixer}
	customer, _, err := h.Customer(ctx, k, cfg)
	if err != nil {
		return Heard{}, err
	}
	only, wanted := h.Wants(k, customer)
	if !wanted {
		return h.Judged(k.Info, k.Answered, customer, nil), nil
	}
	agent, _, err := h.Agent(ctx, k, only, cfg)
	if err != nil {
		return Heard{}, err
	}
	return h.Judged(k.Info, k.Answered, customer, &agent), nil
}
