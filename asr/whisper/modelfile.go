package whisper

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// modelHeader is the start of a ggml Whisper model file, after its magic number.
type modelHeader struct {
	Vocabulary, AudioContext, AudioState, AudioHeads, AudioLayers int32
	TextContext, TextState, TextHeads, TextLayers                 int32
	Mels, Format                                                  int32
}

const (
	modelMagic    = 0x67676d6c // "ggml"
	melFilterSize = 201        // frequencies of a 400-point transform
	maxTokenBytes = 1 << 10    // official tokens have up to 128
	maxTensorName = 1 << 8
	maxTensorDims = 4
	maxElements   = 1 << 34
)

// blockSize tells how ggml stores a type: how many elements a block holds, in how many
// bytes. Both are 0 for a type it does not know.
type blockSize func(ggmlType int32) (elements, bytes int64)

// checkModelFile reads a model file from end to end, skipping the weights, and tells
// what is wrong with it. whisper.cpp itself believes the header (a wrong one makes it
// ask for absurd memory, or abort), and takes a file that was cut short within its
// last tensor, or right before the first, for a good one.
func checkModelFile(path string, types blockSize, allowEmpty bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is not a file")
	}
	return checkModel(f, info.Size(), types, allowEmpty)
}

func checkModel(r io.ReadSeeker, size int64, types blockSize, allowEmpty bool) error {
	m := &modelReader{in: bufio.NewReaderSize(r, 1<<16), seek: r, size: size, types: types}
	h, err := m.header()
	if err != nil {
		return err
	}
	if err := m.filters(h); err != nil {
		return err
	}
	if err := m.vocabulary(h); err != nil {
		return err
	}
	return m.tensors(h, allowEmpty)
}

type modelReader struct {
	in    *bufio.Reader
	seek  io.Seeker
	at    int64
	size  int64
	types blockSize
}

func (m *modelReader) read(what string, v any) error {
	n := int64(binary.Size(v))
	if m.size-m.at < n {
		return m.short(what, n)
	}
	m.at += n
	if err := binary.Read(m.in, binary.LittleEndian, v); err != nil {
		return fmt.Errorf("reading %s: %w", what, err)
	}
	return nil
}

// skip passes over n bytes; far ones without reading them.
func (m *modelReader) skip(what string, n int64) error {
	if m.size-m.at < n {
		return m.short(what, n)
	}
	m.at += n
	if n < 1<<20 {
		_, err := m.in.Discard(int(n))
		return err
	}
	if _, err := m.seek.Seek(m.at, io.SeekStart); err != nil {
		return fmt.Errorf("skipping %s: %w", what, err)
	}
	m.in.Reset(m.seek.(io.Reader))
	return nil
}

func (m *modelReader) short(what string, n int64) error {
	return fmt.Errorf("it is cut short: %s needs %d bytes from byte %d on, and the file has %d "+
		"in all",
		what, n, m.at, m.size)
}

func (m *modelReader) header() (modelHeader, error) {
	var magic uint32
	if err := m.read("the magic number", &magic); err != nil {
		return modelHeader{}, err
	}
	if magic != modelMagic {
		return modelHeader{}, fmt.Errorf("it is no ggml Whisper model: %s", lookAlike(magic))
	}
	var h modelHeader
	if err := m.read("the header", &h); err != nil {
		return modelHeader{}, err
	}
	return h, h.check()
}

// lookAlike guesses from its first four bytes what was taken for a model.
func lookAlike(magic uint32) string {
	start := string(binary.LittleEndian.AppendUint32(nil, magic))
	switch {
	case start == "GGUF":
		return "it is a GGUF file, and whisper.cpp reads the older format (ggml-*.bin)"
	case start[:2] == "PK":
		return "it looks like a PyTorch or zip file, which must be converted first"
	case start == "vers":
		return "it looks like a Git LFS pointer instead of the file itself"
	case start[0] == '<':
		return "it looks like a web page, perhaps an error page of the server it came from"
	}
	return fmt.Sprintf("it starts with %q", start)
}

func (h modelHeader) check() error {
	for _, f := range []struct {
		name       string
		value      int32
		least, top int32
	}{
		{"vocabulary", h.Vocabulary, 1, 1 << 18},
		{"audio context", h.AudioContext, 1, fullSlots},
		{"audio state", h.AudioState, 1, 1 << 13},
		{"audio heads", h.AudioHeads, 1, 1 << 8},
		{"audio layers", h.AudioLayers, 1, 1 << 8},
		{"text context", h.TextContext, 1, 1 << 13},
		{"text state", h.TextState, h.AudioState, h.AudioState},
		{"text heads", h.TextHeads, 1, 1 << 8},
		{"text layers", h.TextLayers, 1, 1 << 8},
		{"mel bands", h.Mels, 1, 1 << 8},
		{"weight format", h.Format, 0, 1 << 16},
	} {
		if f.value < f.least || f.value > f.top {
			return fmt.Errorf("its header is damaged: %s is %d, not within %d..%d", f.name, f.value,
				f.least, f.top)
		}
	}
	if h.AudioState%h.AudioHeads != 0 || h.TextState%h.TextHeads != 0 {
		return errors.New("its header is damaged: the states do not divide into the heads")
	}
	return nil
}

func (m *modelReader) filters(h modelHeader) error {
	var shape struct{ Mels, Frequencies int32 }
	if err := m.read("the mel filters", &shape); err != nil {
		return err
	}
	if shape.Mels != h.Mels || shape.Frequencies != melFilterSize {
		return fmt.Errorf("its mel filters are damaged: %d x %d, not %d x %d",
			shape.Mels, shape.Frequencies, h.Mels, melFilterSize)
	}
	return m.skip("the mel filters", 4*int64(shape.Mels)*int64(shape.Frequencies))
}

func (m *modelReader) vocabulary(h modelHeader) error {
	var n int32
	if err := m.read("the vocabulary", &n); err != nil {
		return err
	}
	if n < 1 || n > h.Vocabulary {
		return fmt.Errorf("its vocabulary is damaged: %d tokens, not within 1..%d", n, h.Vocabulary)
	}
	for i := range n {
		var length uint32
		if err := m.read("a token", &length); err != nil {
			return err
		}
		if length > maxTokenBytes {
			return fmt.Errorf("its vocabulary is damaged: token %d has %d bytes", i, length)
		}
		if err := m.skip("a token", int64(length)); err != nil {
			return err
		}
	}
	return nil
}

// tensors walks over the weights: as many as the header promises, each whole.
func (m *modelReader) tensors(h modelHeader, allowEmpty bool) error {
	want := 11 + 15*int(h.AudioLayers) + 24*int(h.TextLayers)
	n := 0
	for ; m.at < m.size; n++ {
		if n == want {
			return fmt.Errorf("it goes on after its %d tensors", want)
		}
		if err := m.tensor(n); err != nil {
			return err
		}
	}
	switch {
	case n == 0 && allowEmpty, n == want:
		return nil
	case n == 0:
		return errors.New("it holds no weights, so it would hear nothing: it was cut short, or " +
			"is a file for tests")
	}
	return fmt.Errorf("it is cut short: %d tensors of %d", n, want)
}

func (m *modelReader) tensor(i int) error {
	what := fmt.Sprintf("tensor %d", i)
	var head struct{ Dims, Name, Type int32 }
	if err := m.read(what, &head); err != nil {
		return err
	}
	if head.Dims < 1 || head.Dims > maxTensorDims || head.Name < 1 || head.Name > maxTensorName {
		return fmt.Errorf("%s is damaged: %d dimensions, a name of %d bytes", what, head.Dims,
			head.Name)
	}
	dims := make([]int32, head.Dims)
	if err := m.read(what, dims); err != nil {
		return err
	}
	elements := int64(1)
	for _, d := range dims {
		if d < 1 || elements > maxElements/int64(d) {
			return fmt.Errorf("%s is damaged: dimensions %v", what, dims)
		}
		elements *= int64(d)
	}
	if err := m.skip(what, int64(head.Name)); err != nil {
		return err
	}
	block, bytes := m.types(head.Type)
	if block < 1 || elements%block != 0 {
		return fmt.Errorf("%s is damaged, or newer than this whisper.cpp: type %d for %d elements",
			what, head.Type, elements)
	}
	return m.skip(what, elements/block*bytes)
}
