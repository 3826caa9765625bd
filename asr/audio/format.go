package audio

import (
	"bytes"
	"encoding/binary"
)

// Codec is how samples are coded.
type Codec string

// The codecs that are read.
const (
	PCM   Codec = "pcm"
	Float Codec = "float"
	ALaw  Codec = "alaw"
	MuLaw Codec = "mulaw"
)

// parseFormat reads the format chunk, at least 16 bytes of it. Its byte rate and block
// align are redundant, often wrong, and not believed: what a frame is, bits and channels
// say, as sox and ffmpeg read it.
func parseFormat(b []byte) (format, error) {
	le := binary.LittleEndian
	tag, channels, rate := le.Uint16(b), int(le.Uint16(b[2:])), int64(le.Uint32(b[4:]))
	align, bits := int(le.Uint16(b[12:])), int(le.Uint16(b[14:]))
	if tag == tagExtensible {
		var err error
		if tag, err = extensibleTag(b, bits); err != nil {
			return format{}, err
		}
	}
	if err := checkCounts(channels, rate); err != nil {
		return format{}, err
	}
	codec, err := codecOf(tag, bits, align == channels)
	if err != nil {
		return format{}, err
	}
	f := format{codec: codec, rate: int(rate), channels: channels, width: (bits + 7) / 8}
	if codec == ALaw || codec == MuLaw {
		f.width = 1
	}
	return f, nil
}

// extensibleTag finds the real tag of WAVE_FORMAT_EXTENSIBLE.
func extensibleTag(b []byte, bits int) (uint16, error) {
	if len(b) < 40 {
		return 0, badHeader("fmt chunk size", "%d bytes, an extensible format needs 40", len(b))
	}
	if valid := int(binary.LittleEndian.Uint16(b[18:])); valid > bits {
		return 0, badHeader("valid bits per sample", "%d in samples of %d bits", valid, bits)
	}
	if !bytes.Equal(b[26:40], subFormat) {
		return 0, refuse(OtherCodec, "the WAV file holds an unknown extensible format (% x), "+
			"which is not read here: %s", b[24:40], howToSend)
	}
	return binary.LittleEndian.Uint16(b[24:]), nil
}

func checkCounts(channels int, rate int64) error {
	switch {
	case channels == 0:
		return badHeader("channels", "0")
	case rate == 0:
		return badHeader("sample rate", "0 Hz")
	case channels > maxChannels:
		return refuse(BadChannels, "the recording has %d channels: send one with 1 channel (one "+
			"speaker) or 2 (agent and customer)", channels)
	case rate < MinRate || rate > MaxRate:
		return refuse(BadRate, "the recording's sample rate is %d Hz: send one from %d to %d Hz",
			rate, MinRate, MaxRate)
	}
	return nil
}

// codecOf checks that samples of that tag can have that many bits. Sloppy writers
// give A-law and mu-law the bits of what they decode to; byteFrames reports that the
// block align says one byte a sample.
func codecOf(tag uint16, bits int, byteFrames bool) (Codec, error) {
	if bits == 0 && (tag == tagPCM || tag == tagFloat) {
		return "", badHeader("bits per sample", "0")
	}
	switch tag {
	case tagPCM:
		return pcmCodec(bits)
	case tagFloat:
		return floatCodec(bits)
	case tagALaw:
		return lawCodec(ALaw, bits, byteFrames)
	case tagMuLaw:
		return lawCodec(MuLaw, bits, byteFrames)
	case 0:
		return "", badHeader("format tag", "0")
	}
	return "", refuseTag(tag)
}

// pcmCodec takes whatever fits into 1 to 4 bytes: samples of 12 or 20 bits lie in the high
// bits of two or three.
func pcmCodec(bits int) (Codec, error) {
	switch {
	case bits <= 32:
		return PCM, nil
	case bits > 64:
		return "", badHeader("bits per sample", "%d", bits)
	}
	return "", refuse(OtherCodec, "the WAV file has %d-bit samples, which are not read here: "+
		"send 8, 16, 24 or 32 bits", bits)
}

func floatCodec(bits int) (Codec, error) {
	switch {
	case bits == 32, bits == 64:
		return Float, nil
	case bits > 64:
		return "", badHeader("bits per sample", "%d", bits)
	}
	return "", refuse(OtherCodec, "the WAV file has %d-bit float samples, which are not read "+
		"here: send 32 or 64 bits", bits)
}

func lawCodec(c Codec, bits int, byteFrames bool) (Codec, error) {
	if bits == 8 || byteFrames {
		return c, nil
	}
	return "", badHeader("bits per sample", "%d, A-law and mu-law have 8", bits)
}
