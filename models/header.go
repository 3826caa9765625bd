package models

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Header is what a ggml Whisper model file says about itself in its first bytes.
type Header struct {
	Vocabulary, AudioContext, AudioState, AudioHeads, AudioLayers int32
	TextContext, TextState, TextHeads, TextLayers                 int32
	// Mels is the number of mel bands the model hears: 80, or 128 since large-v3.
	Mels int32
	// Format is the weights' number format, with the version of its quantisation
	// in thousands.
	Format int32
}

const (
	magic              = 0x67676d6c // "ggml", read as a little-endian number
	multilingualTokens = 51865      // English-only models have one token fewer
	turboTextLayers    = 4          // of a large model; the others have 32
)

// readHeader reads a model's header, and refuses one that whisper.cpp would believe
// to its harm: it asks for memory as the header says.
func readHeader(r io.Reader) (Header, error) {
	var start [4]byte
	if n, err := io.ReadFull(r, start[:]); err != nil {
		return Header{}, shortHeader(err, n)
	}
	if binary.LittleEndian.Uint32(start[:]) != magic {
		return Header{}, errors.New("it is no ggml Whisper model: " + lookAlike(string(start[:])))
	}
	var h Header
	if err := binary.Read(r, binary.LittleEndian, &h); err != nil {
		return Header{}, shortHeader(err, len(start))
	}
	return h, h.check()
}

func shortHeader(err error, got int) error {
	switch {
	case errors.Is(err, io.EOF) && got == 0:
		return errors.New("it is empty")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it is cut short: it ends within its header")
	}
	return fmt.Errorf("reading its header: %w", err)
}

// lookAlike guesses from its first four bytes what was taken for a model.
func lookAlike(start string) string {
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

// check holds every field against several times the largest model published.
func (h Header) check() error {
	for _, f := range []struct {
		name       string
		value      int32
		least, top int32
	}{
		{"vocabulary", h.Vocabulary, 1, 1 << 18},
		{"audio context", h.AudioContext, 1, 1500},
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

// Multilingual reports whether the model understands languages other than English.
func (h Header) Multilingual() bool { return h.Vocabulary >= multilingualTokens }

// Type names the family by its size, as whisper.cpp does: "tiny" to "large", "large-v3"
// for the one with 128 mel bands, "large-v3-turbo" for it with fewer text layers, and
// "other" for what is none of them.
func (h Header) Type() string {
	families := map[[2]int32]string{
		{384, 4}: "tiny", {512, 6}: "base", {768, 12}: "small", {1024, 24}: "medium",
		{1280, 32}: "large",
	}
	family, ok := families[[2]int32{h.AudioState, h.AudioLayers}]
	switch {
	case !ok:
		return "other"
	case family != "large" || h.Mels != 128:
		return family
	case h.TextLayers == turboTextLayers:
		return "large-v3-turbo"
	}
	return "large-v3"
}

// Weights names the number format of the weights: "f16", "q5_1".
func (h Header) Weights() string {
	formats := map[int32]string{
		0: "f32", 1: "f16", 2: "q4_0", 3: "q4_1", 7: "q8_0", 8: "q5_0", 9: "q5_1",
		10: "q2_k", 11: "q3_k", 12: "q4_k", 13: "q5_k", 14: "q6_k",
	}
	if name, ok := formats[h.Format%1000]; ok {
		return name
	}
	return fmt.Sprintf("format %d", h.Format)
}
