package audio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// maxKept is the largest file, in bytes, of which a copy is made for reading it.
const maxKept = 1 << 30

// MaxDecoded is the longest recording that is decoded: a small file can claim to be any
// length. What is WAV already may be of any.
const MaxDecoded = 6 * time.Hour

// Decoder decodes formats that aren't read here. Implementations are safe for concurrent
// use.
type Decoder interface {
	// Decode decodes the first audio stream of a file, with all its channels. It reads the
	// file from its beginning, in any order, and doesn't close it. What comes is a WAV file;
	// where nothing can be decoded, reading it ends with an *Error. When ctx ends, so does
	// the decoding, with ctx's error.
	Decode(ctx context.Context, file *os.File, f Foreign) (Decoded, error)
}

// Decoded is a WAV file that is being decoded. Closing it ends that.
type Decoded interface {
	io.ReadCloser
	// Lacks reports, at the end, whether the file claims to be well longer than what has come.
	Lacks(got time.Duration) bool
}

// Files reads recordings of any format. The zero value reads WAV. It is safe for concurrent
// use.
type Files struct {
	// Decoder decodes other formats; nil where none can.
	Decoder Decoder
	// Dir is where files lie, without a name, that must be kept to be read; "" for the
	// system's temporary directory.
	Dir string
}

// OpenTrack reads r's header and readies channel c, until ctx ends. The error is an *Error
// where the file can't be used or has no such channel. Fake stereo isn't noticed here:
// that takes reading all of it, see Inspect.
func (f Files) OpenTrack(ctx context.Context, r io.Reader, c Channel) (*Track, error) {
	s, err := f.stream(ctx, r, c)
	if err != nil {
		return nil, err
	}
	return &Track{s}, nil
}

// OpenTracks is OpenTrack for channel c of a stereo recording and the other one beside it.
func (f Files) OpenTracks(ctx context.Context, r io.Reader, c Channel) (*Tracks, error) {
	s, err := f.stream(ctx, r, c, c.Other())
	if err != nil {
		return nil, err
	}
	return &Tracks{s}, nil
}

func (f Files) stream(ctx context.Context, r io.Reader, channels ...Channel) (*stream, error) {
	a, err := f.open(ctx, r)
	if err != nil {
		return nil, err
	}
	s, err := openStream(a, channels...)
	if err != nil {
		_ = a.Close() // it never fails
	}
	return s, err
}

// open begins to read a recording of one or two channels, decoding it where need be.
func (f Files) open(ctx context.Context, r io.Reader) (*Reader, error) {
	br := bufio.NewReaderSize(r, blockBytes)
	head, err := br.Peek(blockBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, plain(fmt.Errorf("reading the recording: %w", err))
	}
	kind := sniff(head)
	switch {
	case kind.foreign != nil && f.Decoder != nil:
		a, err := f.decode(ctx, br, *kind.foreign)
		return a, plain(err)
	case kind.channels > 2:
		return f.pick(br)
	}
	a, err := NewReader(br)
	if err == nil && a.channels > 2 {
		err = refuse(BadChannels, "the recording has %d channels: send one with 1 channel (one "+
			"speaker) or 2 (agent and customer)", a.channels)
	}
	return a, plain(err)
}

// plain takes off an Error what was wrapped around it: it says all there is to say.
func plain(err error) error {
	if bad, ok := errors.AsType[*Error](err); ok {
		return bad
	}
	return err
}

// decode keeps a copy of a file, since some formats can only be read in any order, and
// since a decoder must not wait for who is still sending.
func (f Files) decode(ctx context.Context, r io.Reader, what Foreign) (*Reader, error) {
	file, err := f.keep(r)
	if err != nil {
		return nil, err
	}
	d := &decoding{codec: what.Codec, file: file}
	if d.Decoded, err = f.Decoder.Decode(ctx, file, what); err != nil {
		_ = file.Close()
		return nil, err
	}
	a, err := Files{Dir: f.Dir}.open(ctx, d.Decoded)
	if err != nil {
		_ = d.Close() // it never fails
		return nil, err
	}
	d.picked, a.source = a.source, d
	a.longest = int64(MaxDecoded/time.Second) * int64(a.rate)
	return a, nil
}

// decoding is a foreign recording that is being decoded.
type decoding struct {
	Decoded
	codec  Codec
	file   *os.File
	picked source // what was made of it, where it has many channels
}

func (d *decoding) name() Codec { return d.codec }

func (d *decoding) lacks(got time.Duration) bool { return d.Lacks(got) }

// Close ends the decoding and frees what it took. It never fails.
func (d *decoding) Close() error {
	if d.picked != nil {
		_ = d.picked.Close()
	}
	_ = d.Decoded.Close()
	_ = d.file.Close()
	return nil
}

// pick reads a recording of many channels twice: to find the two that sound, and as it.
func (f Files) pick(r io.Reader) (*Reader, error) {
	file, err := f.keep(r)
	if err != nil {
		return nil, err
	}
	a, err := NewReader(file)
	var sides []int
	if err == nil {
		sides, err = pickSides(a)
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err == nil {
		a, err = NewReader(file)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	a.pick, a.source = sides, kept{file}
	return a, nil
}

// kept is a recording that was copied.
type kept struct{ *os.File }

func (kept) name() Codec { return "" }

func (kept) lacks(time.Duration) bool { return false }

// keep copies r to a file that has no name, so that whatever happens, nothing of a call
// stays behind.
func (f Files) keep(r io.Reader) (*os.File, error) {
	file, err := os.CreateTemp(f.Dir, "refrain-audio-*")
	if err != nil {
		return nil, fmt.Errorf("keep the recording for reading it: %w", err)
	}
	if err = os.Remove(file.Name()); err != nil {
		err = fmt.Errorf("keep the recording for reading it: %w", err)
	} else {
		err = copyTo(file, r)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

func copyTo(file *os.File, r io.Reader) error {
	n, err := io.Copy(file, io.LimitReader(r, maxKept+1))
	if err != nil {
		return fmt.Errorf("reading the recording: %w", err)
	}
	if n > maxKept {
		return refuse(Undecodable, "the file is larger than %d MiB, which is too much to decode: %s",
			maxKept>>20, howToSend)
	}
	_, err = file.Seek(0, io.SeekStart)
	return err
}
