package audio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
)

// Inspect reads a whole recording, keeping none of it, and reports whether it can be
// taken in: Files.Inspect for WAV alone.
func Inspect(r io.Reader) (Info, error) { return Files{}.Inspect(context.Background(), r) }

// Inspect reads a whole recording and reports whether it can be taken in. The error is
// an *Error where it can't, and then Info holds what was
// found out. Refused are, besides what can't be read, recordings without
// samples and fake stereo: two channels that carry one sound throughout, from which
// nobody can tell who spoke. Two silent channels are let through as Silent: nothing
// is wrong with the recorder's wiring when nobody made a sound, and silence can't
// be held against a customer.
func (f Files) Inspect(ctx context.Context, r io.Reader) (Info, error) {
	a, err := f.open(ctx, r)
	if err != nil {
		return Info{}, err
	}
	defer func() { _ = a.Close() }() // it never fails
	in := newInspection(a)
	for {
		raw, err := a.raw(len(a.buf))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return a.Info(), plain(err)
		}
		in.add(raw)
	}
	return in.judge()
}

// inspection is what is found out of a recording as it goes by.
type inspection struct {
	*Reader
	same, still bool // both channels have the same bytes; nothing changes
	first       []byte
	block       [][]float32
	like        *likeness // of two channels
}

func newInspection(a *Reader) *inspection {
	in := &inspection{Reader: a, still: true, first: make([]byte, 0, a.frame())}
	if a.sides() == 2 {
		in.same, in.like = true, newLikeness(a.rate)
		for range 2 {
			in.block = append(in.block, make([]float32, len(a.buf)/a.frame()))
		}
	}
	return in
}

func (in *inspection) add(raw []byte) {
	in.first = append(in.first, raw[:cap(in.first)-len(in.first)]...)
	in.still = in.still && repeats(raw, in.first)
	if in.like == nil {
		return
	}
	in.same = in.same && in.channelsMatch(raw)
	n := in.decodeAll(in.block, raw)
	in.like.add(in.block[0][:n], in.block[1][:n])
}

func (in *inspection) judge() (Info, error) {
	i := in.Info()
	i.Silent = in.still && i.Frames > 0
	switch {
	case i.Frames == 0:
		return i, refuse(NoSamples, "the recording has no samples: send it once the recorder has "+
			"written it")
	case i.Silent || in.like == nil:
		return i, nil
	case in.same:
		return i, refuseSame("are identical")
	}
	found := in.like.finding()
	if found.same {
		return i, refuseSame("carry the same sound" + found.difference())
	}
	i.Mixed = found.mixed
	return i, nil
}

func refuseSame(how string) error {
	return refuse(SameChannels, "both channels of the recording %s, so agent and "+
		"customer can't be told apart: "+
		"have the recorder keep the two sides apart, or send one speaker as a file with one "+
		"channel", how)
}

// difference says how channels of one sound differ, in brackets.
func (f finding) difference() string {
	level, delay := "", ""
	if math.Abs(f.gainDB) >= 1 {
		level = fmt.Sprintf(" %.0f dB quieter", math.Abs(f.gainDB))
	}
	if math.Abs(f.lagMillis) >= 1 {
		delay = fmt.Sprintf(" %.0f ms later", math.Abs(f.lagMillis))
	}
	if level+delay == "" {
		return ""
	}
	return " (one is the other" + level + delay + ")"
}

// Side checks that a channel can be told to carry one side of the call, as far as Inspect
// has found out. The error is an *Error of kind MixedChannel where it carries both.
func (i Info) Side(c Channel) error {
	if i.Mixed == "" || c != i.Mixed {
		return nil
	}
	return refuse(MixedChannel, "the %s channel carries both sides of the call, and the %s one "+
		"one of them: have the recorder keep the two sides apart; if the customer is on the %s "+
		"channel, say so as its customer channel", c, c.Other(), c.Other())
}

// repeats reports whether raw is frame over and over.
func repeats(raw, frame []byte) bool {
	return bytes.Equal(raw[:len(frame)], frame) &&
		bytes.Equal(raw[len(frame):], raw[:len(raw)-len(frame)])
}

// channelsMatch reports whether both channels hold the same bytes.
func (r *Reader) channelsMatch(raw []byte) bool {
	left, right := r.lane(0), r.lane(1)
	for ; len(raw) > 0; raw = raw[r.frame():] {
		if !bytes.Equal(raw[left:left+r.width], raw[right:right+r.width]) {
			return false
		}
	}
	return true
}
