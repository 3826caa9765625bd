package audio

import (
	"bytes"
	"errors"
	"io"
)

// Inspect reads a whole recording, keeping none of it, and reports whether it can be
// taken in. The error is an *Error where it can't, and then Info holds what was
// found out. Refused are, besides what NewReader refuses, recordings without
// samples and fake stereo: two channels that are the same throughout, from which
// nobody can tell who spoke. Two silent channels are let through as Silent: nothing
// is wrong with the recorder's wiring when nobody made a sound, and silence can't
// be held against a customer.
func Inspect(r io.Reader) (Info, error) {
	a, err := NewReader(r)
	if err != nil {
		return Info{}, err
	}
	same, still := a.channels == 2, true
	first := make([]byte, 0, a.frame())
	for {
		raw, err := a.raw(len(a.buf))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return a.Info(), err
		}
		first = append(first, raw[:cap(first)-len(first)]...)
		still = still && repeats(raw, first)
		same = same && channelsMatch(raw, a.width)
	}
	info := a.Info()
	info.Silent = still && info.Frames > 0
	return info, judge(info, same)
}

func judge(i Info, same bool) error {
	switch {
	case i.Frames == 0:
		return refuse(NoSamples, "the recording has no samples: send it once the recorder has "+
			"written it")
	case same && !i.Silent:
		return refuse(SameChannels, "both channels of the recording are identical, so agent and "+
			"customer can't be told apart: "+
			"have the recorder keep the two sides apart, or send one speaker as a file with one "+
			"channel")
	}
	return nil
}

// repeats reports whether raw is frame over and over.
func repeats(raw, frame []byte) bool {
	return bytes.Equal(raw[:len(frame)], frame) &&
		bytes.Equal(raw[len(frame):], raw[:len(raw)-len(frame)])
}

// channelsMatch reports whether both channels hold the same bytes.
func channelsMatch(raw []byte, width int) bool {
	for i := 0; i < len(raw); i += 2 * width {
		if !bytes.Equal(raw[i:i+width], raw[i+width:i+2*width]) {
			return false
		}
	}
	return true
}
