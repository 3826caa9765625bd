package audio

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

// oddFile is a file as some recorder leaves it, or as something else altogether.
type oddFile struct {
	name string
	file []byte
	want Info // where it is taken
	kind Kind // where it is refused
	// field is the header field that is named, text part of what is said.
	field, text string
}

func with(w wavFile, change func(*wavFile)) []byte {
	change(&w)
	return w.bytes()
}

func stereo(codec Codec, bits int, frames int64) Info {
	return Info{Codec: codec, Rate: 8000, Channels: 2, Bits: bits, Frames: frames, Declared: frames}
}

func mono(codec Codec, bits int, frames int64) Info {
	return Info{Codec: codec, Rate: 8000, Channels: 1, Bits: bits, Frames: frames, Declared: frames}
}

func truncated(i Info, frames int64) Info {
	i.Frames, i.Truncated = frames, true
	return i
}

// unsized is a recording whose header has no sizes.
func unsized(s Sizes, i Info) Info { i.Declared, i.Sizes = 0, s; return i }

func declared(i Info, frames int64) Info { i.Declared = frames; return i }

func silent(i Info) Info { i.Silent = true; return i }

func coded(tag uint16, bits, channels, frames int) wavFile {
	w := pcm16(channels, 0)
	w.tag, w.bits, w.data = tag, bits, ramp(channels*frames, bits/8)
	return w
}

func takenFiles() []oddFile {
	p, m := pcm16(2, 100), pcm16(1, 100)
	list := chunk("LIST", -1, []byte("INFOISFT\x05\x00\x00\x00Lavf\x00"), true)
	bext := chunk("bext", -1, make([]byte, 602), true)
	aLawIdle := bytes.Repeat([]byte{0x55}, 400)
	return []oddFile{
		{name: "16-bit PCM", file: p.bytes(), want: stereo(PCM, 16, 100)},
		{name: "8-bit PCM is unsigned", file: coded(tagPCM, 8, 1, 100).bytes(),
			want: mono(PCM, 8, 100)},
		{name: "24-bit PCM", file: coded(tagPCM, 24, 2, 100).bytes(), want: stereo(PCM, 24, 100)},
		{name: "32-bit PCM", file: coded(tagPCM, 32, 2, 100).bytes(), want: stereo(PCM, 32, 100)},
		{name: "32-bit float", file: coded(tagFloat, 32, 2, 100).bytes(),
			want: stereo(Float, 32, 100)},
		{name: "64-bit float", file: coded(tagFloat, 64, 1, 100).bytes(),
			want: mono(Float, 64, 100)},
		{name: "A-law without fact", file: coded(tagALaw, 8, 2, 100).bytes(),
			want: stereo(ALaw, 8, 100)},
		{name: "mu-law without fact", file: coded(tagMuLaw, 8, 2, 100).bytes(),
			want: stereo(MuLaw, 8, 100)},
		{name: "A-law that says 16 bits", file: with(coded(tagALaw, 8, 2, 100), func(w *wavFile) {
			w.bits, w.align = 16, 2
		}), want: stereo(ALaw, 8, 100)},
		{name: "A-law with 18-byte fmt", file: with(coded(tagALaw, 8, 2, 100), func(w *wavFile) {
			w.fmtSize = 18
		}), want: stereo(ALaw, 8, 100)},
		{name: "extensible PCM", file: with(p, func(w *wavFile) {
			w.tag, w.extensible, w.validBits = tagExtensible, tagPCM, 16
		}), want: stereo(PCM, 16, 100)},
		{name: "extensible mu-law", file: with(coded(tagMuLaw, 8, 1, 100), func(w *wavFile) {
			w.tag, w.extensible = tagExtensible, tagMuLaw
		}), want: mono(MuLaw, 8, 100)},
		{name: "RF64", file: with(p, func(w *wavFile) {
			w.outer, w.outerSize, w.dataSize, w.first = "RF64", 0xFFFFFFFF, 0xFFFFFFFF, ds64(0, 400)
		}), want: stereo(PCM, 16, 100)},
		{name: "BW64 with LIST behind", file: with(p, func(w *wavFile) {
			w.outer, w.outerSize, w.dataSize, w.first, w.after = "BW64", 0xFFFFFFFF, 0xFFFFFFFF,
				ds64(0, 400), list
		}), want: stereo(PCM, 16, 100)},
		{name: "RF64 whose sizes were never set", file: with(p, func(w *wavFile) {
			w.outer, w.outerSize, w.dataSize, w.first = "RF64", 0xFFFFFFFF, 0xFFFFFFFF, ds64(0, 0)
		}), want: unsized(SizesZero, stereo(PCM, 16, 100))},
		{name: "streamed", file: with(p, func(w *wavFile) {
			w.outerSize, w.dataSize, w.before = 0xFFFFFFFF, 0xFFFFFFFF, list
		}), want: unsized(SizesStreamed, stereo(PCM, 16, 100))},
		{name: "streamed by sox", file: with(p, func(w *wavFile) {
			w.outerSize, w.dataSize = 0x7FFFF024, 0x7FFFF000
		}), want: unsized(SizesStreamed, stereo(PCM, 16, 100))},
		{name: "crashed, sizes 0", file: with(p, func(w *wavFile) {
			w.outerSize, w.dataSize = 0, 0
		}), want: unsized(SizesZero, stereo(PCM, 16, 100))},
		{name: "crashed, cut within a frame", file: with(p, func(w *wavFile) {
			w.outerSize, w.dataSize, w.data, w.noPad = 0, 0, w.data[:399], true
		}), want: unsized(SizesZero, truncated(stereo(PCM, 16, 100), 99))},
		{name: "crashed after a header update", file: with(p, func(w *wavFile) {
			w.outerSize, w.dataSize = 76, 40
		}), want: Info{Codec: PCM, Rate: 8000, Channels: 2, Bits: 16, Frames: 100, Declared: 10}},
		{name: "header update within A-law silence",
			file: with(coded(tagALaw, 8, 1, 0), func(w *wavFile) {
				w.outerSize, w.dataSize, w.data = 76, 40, aLawIdle
			}), want: silent(Info{Codec: ALaw, Rate: 8000, Channels: 1, Bits: 8, Frames: 400,
				Declared: 40})},
		{name: "truncated", file: p.bytes()[:44+250], want: truncated(stereo(PCM, 16, 100), 62)},
		{name: "data size not whole frames", file: with(p, func(w *wavFile) {
			w.data = w.data[:398]
		}), want: stereo(PCM, 16, 99)},
		{name: "data size counts the header in", file: with(p, func(w *wavFile) {
			w.outerSize, w.dataSize = 0, 444
		}), want: declared(stereo(PCM, 16, 100), 111)},
		{name: "data size of whole packets", file: with(pcm16(2, 8000), func(w *wavFile) {
			w.dataSize = 32000 + 1280
		}), want: declared(stereo(PCM, 16, 8000), 8320)},
		{name: "data size of a packet more than there is, and then some",
			file: with(pcm16(2, 8000), func(w *wavFile) { w.dataSize = 32000 + 4*820 }),
			want: truncated(declared(stereo(PCM, 16, 8000), 8820), 8000)},
		{name: "LIST and bext before data", file: with(p, func(w *wavFile) {
			w.first, w.before = bext, list
		}), want: stereo(PCM, 16, 100)},
		{name: "odd chunk, padded", file: with(p, func(w *wavFile) {
			w.before = chunk("junk", -1, []byte("abc"), true)
		}), want: stereo(PCM, 16, 100)},
		{name: "odd chunk, padding forgotten", file: with(p, func(w *wavFile) {
			w.before = chunk("junk", -1, []byte("abc"), false)
		}), want: stereo(PCM, 16, 100)},
		{name: "chunks behind data", file: with(p, func(w *wavFile) {
			w.after = append(bytes.Clone(list), bext...)
		}), want: stereo(PCM, 16, 100)},
		{name: "unknown chunk behind data", file: with(p, func(w *wavFile) {
			w.after = chunk("pbx1", -1, make([]byte, 20), true)
		}), want: stereo(PCM, 16, 100)},
		{name: "chunk behind odd data", file: with(coded(tagALaw, 8, 1, 101),
			func(w *wavFile) { w.after = list }), want: mono(ALaw, 8, 101)},
		{name: "chunk behind odd data, padding forgotten",
			file: with(coded(tagALaw, 8, 1, 101), func(w *wavFile) {
				w.after, w.noPad = list, true
			}), want: mono(ALaw, 8, 101)},
		{name: "stray bytes behind data", file: with(p, func(w *wavFile) {
			w.after, w.outerSize = []byte{0, 0, 0}, 436
		}), want: stereo(PCM, 16, 100)},
		{name: "two data chunks", file: with(m, func(w *wavFile) {
			w.after = chunk("data", -1, ramp(50, 2), true)
		}), want: mono(PCM, 16, 150)},
		{name: "data behind a LIST", file: with(m, func(w *wavFile) {
			w.after = append(bytes.Clone(list), chunk("data", -1, ramp(50, 2), true)...)
		}), want: mono(PCM, 16, 150)},
		{name: "stray text behind a LIST", file: with(p, func(w *wavFile) {
			w.after = append(bytes.Clone(list), "that's all"...)
		}), want: stereo(PCM, 16, 100)},
		{name: "wrong outer size", file: with(p, func(w *wavFile) { w.outerSize = 12 }),
			want: stereo(PCM, 16, 100)},
		{name: "48 kHz mono", file: with(m, func(w *wavFile) { w.rate = 48000 }),
			want: Info{Codec: PCM, Rate: 48000, Channels: 1, Bits: 16, Frames: 100, Declared: 100}},
		{name: "11.025 kHz", file: with(m, func(w *wavFile) { w.rate = 11025 }),
			want: Info{Codec: PCM, Rate: 11025, Channels: 1, Bits: 16, Frames: 100, Declared: 100}},
		{name: "both sides silent", file: with(p, func(w *wavFile) { w.data = make([]byte, 400) }),
			want: silent(stereo(PCM, 16, 100))},
		{name: "one side silent", file: with(p, func(w *wavFile) {
			w.data = bytes.Clone(w.data)
			for i := 0; i < len(w.data); i += 4 {
				w.data[i], w.data[i+1] = 0, 0
			}
		}), want: stereo(PCM, 16, 100)},
		{name: "no block align", file: with(p, func(w *wavFile) { w.align = 0 }),
			want: stereo(PCM, 16, 100)},
		{name: "block align of a byte", file: with(m, func(w *wavFile) { w.align = 1 }),
			want: mono(PCM, 16, 100)},
		{name: "block align in bits", file: with(p, func(w *wavFile) { w.align = 32 }),
			want: stereo(PCM, 16, 100)},
		{name: "block align of one channel", file: with(p, func(w *wavFile) { w.align = 2 }),
			want: stereo(PCM, 16, 100)},
		{name: "20 bits in three bytes", file: with(coded(tagPCM, 24, 2, 100),
			func(w *wavFile) { w.bits, w.align = 20, 6 }), want: stereo(PCM, 24, 100)},
	}
}

func refusedFiles() []oddFile {
	p := pcm16(2, 100)
	pad := make([]byte, 64)
	same := make([]byte, 0, 400)
	for i := range 100 {
		same = append(same, byte(i), byte(i/2), byte(i), byte(i/2))
	}
	other := func(name, magic, text string) oddFile {
		return oddFile{name: name, file: append([]byte(magic), pad...), kind: OtherFormat,
			text: text}
	}
	return []oddFile{
		{name: "empty file", kind: NoSamples, text: "empty"},
		{name: "text", file: []byte("Dear customer, your recording"), kind: NotAudio,
			text: "44 65 61 72"},
		{name: "error page", file: []byte("<!DOCTYPE html><html>404"), kind: NotAudio,
			text: "error page"},
		{name: "zeros", file: pad, kind: NotAudio},
		other("MP3 with tag", "ID3\x04", "MP3"),
		other("bare MP3", "\xff\xfb\x90\x64", "MP3"),
		other("AAC", "\xff\xf1\x50\x80", "AAC"),
		other("Ogg", "OggS\x00\x02", "Ogg"),
		other("FLAC", "fLaC", "FLAC"),
		other("AMR", "#!AMR\n", "AMR"),
		other("M4A", "\x00\x00\x00\x20ftypM4A ", "M4A"),
		other("AIFF", "FORM\x00\x00\x10\x00AIFF", "AIFF"),
		other("big-endian WAV", "RIFX\x00\x00\x10\x00WAVE", "RIFX"),
		other("AVI", "RIFF\x00\x00\x10\x00AVI ", "AVI"),
		other("ZIP", "PK\x03\x04", "a ZIP archive, which can't be read: unpack it first"),
		other("packet capture", "\xd4\xc3\xb2\xa1\x02\x00\x04\x00",
			"a packet capture, not a recording"),
		other("pcapng", "\x0a\x0d\x0d\x0a", "a packet capture, not a recording"),
		other("tar", strings.Repeat("x", 257)+"ustar", "a tar archive"),
		other("gzip", "\x1f\x8b\x08", "a gzip file"),
		other("PDF", "%PDF-1.7", "a PDF document"),
		other("image", "\xff\xd8\xff\xe0\x00", "an image (JPEG)"),
		other("playlist", "#EXTM3U\ncall.wav\n", "a playlist"),
		other("SILK", "\x02#!SILK_V3", "a SILK decoder"),
		{name: "a text", file: []byte("您好，录音在这里"), kind: NotAudio, text: "text, not audio"},
		{name: "mu-law without a header", file: coded(tagMuLaw, 8, 1, 900).data, kind: NotAudio,
			text: "ffmpeg -f mulaw -ar 8000 -ac 1 -i FILE FILE.wav"},
		{name: "ends within the outer header", file: p.bytes()[:9], kind: NoSamples},
		{name: "ends within fmt", file: p.bytes()[:30], kind: NoSamples},
		{name: "no data chunk", file: with(p, func(w *wavFile) { w.noData = true }),
			kind: NoSamples},
		{name: "a chunk longer than the file", file: with(p, func(w *wavFile) {
			w.before = chunk("junk", 1<<31, nil, false)
		}), kind: NoSamples},
		{name: "no samples", file: with(p, func(w *wavFile) { w.data = nil }), kind: NoSamples},
		{name: "no samples but a LIST behind", file: with(p, func(w *wavFile) {
			w.data, w.after = nil, chunk("LIST", -1, []byte("INFO"), true)
		}), kind: NoSamples},
		{name: "less than one frame", file: with(p, func(w *wavFile) { w.data = w.data[:3] }),
			kind: NoSamples},
		{name: "no fmt", file: with(p, func(w *wavFile) { w.noFmt = true }), kind: BadHeader,
			field: "fmt chunk"},
		{name: "short fmt", file: with(p, func(w *wavFile) { w.fmtSize = 14 }), kind: BadHeader,
			field: "fmt chunk size"},
		{name: "no channels", file: with(p, func(w *wavFile) { w.channels = 0 }), kind: BadHeader,
			field: "channels"},
		{name: "rate 0", file: with(p, func(w *wavFile) { w.rate = 0 }), kind: BadHeader,
			field: "sample rate"},
		{name: "0 bits", file: with(p, func(w *wavFile) { w.bits = 0 }), kind: BadHeader,
			field: "bits per sample"},
		{name: "999 bits", file: with(p, func(w *wavFile) { w.bits = 999 }), kind: BadHeader,
			field: "bits per sample"},
		{name: "16-bit A-law", file: with(p, func(w *wavFile) { w.tag = tagALaw }), kind: BadHeader,
			field: "bits per sample"},
		{name: "format tag 0", file: with(p, func(w *wavFile) { w.tag = 0 }), kind: BadHeader,
			field: "format tag"},
		{name: "more valid bits than bits", file: with(p, func(w *wavFile) {
			w.tag, w.extensible, w.validBits = tagExtensible, tagPCM, 24
		}), kind: BadHeader, field: "valid bits per sample"},
		{name: "extensible without its GUID", file: with(p, func(w *wavFile) {
			w.tag = tagExtensible
		}), kind: BadHeader, field: "fmt chunk size"},
		{name: "short ds64", file: with(p, func(w *wavFile) {
			w.outer, w.first = "RF64", chunk("ds64", -1, pad[:8], true)
		}), kind: BadHeader, field: "ds64 chunk size"},
		{name: "unknown GUID", file: with(p, func(w *wavFile) {
			w.tag, w.extensible, w.guidTail = tagExtensible, tagPCM, pad[:14]
		}), kind: OtherCodec},
		{name: "IMA ADPCM", file: with(p, func(w *wavFile) { w.tag, w.bits = 0x11, 4 }),
			kind: OtherCodec, text: "IMA ADPCM"},
		{name: "GSM", file: with(p, func(w *wavFile) { w.tag, w.bits = 0x31, 0 }), kind: OtherCodec,
			text: "GSM 6.10"},
		{name: "unknown codec", file: with(p, func(w *wavFile) { w.tag = 0x1234 }),
			kind: OtherCodec, text: "0x1234"},
		{name: "40-bit PCM", file: with(p, func(w *wavFile) { w.bits = 40 }), kind: OtherCodec,
			text: "40-bit"},
		{name: "16-bit float", file: with(p, func(w *wavFile) { w.tag = tagFloat }),
			kind: OtherCodec, text: "16-bit float"},
		{name: "6 kHz", file: with(p, func(w *wavFile) { w.rate = 6000 }), kind: BadRate,
			text: "6000 Hz"},
		{name: "96 kHz", file: with(p, func(w *wavFile) { w.rate = 96000 }), kind: BadRate,
			text: "96000 Hz"},
		{name: "four channels", file: with(p, func(w *wavFile) { w.channels = 4 }),
			kind: BadChannels, text: "4 channels"},
		{name: "fake stereo", file: with(p, func(w *wavFile) { w.data = same }), kind: SameChannels,
			text: "identical"},
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, f := range append(takenFiles(), refusedFiles()...) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			got, err := Inspect(bytes.NewReader(f.file))
			if f.kind == "" {
				require.NoError(t, err)
				require.Equal(t, f.want, got)
				dribbled, err := Inspect(iotest.OneByteReader(bytes.NewReader(f.file)))
				require.NoError(t, err)
				require.Equal(t, got, dribbled)
				return
			}
			var e *Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, f.kind, e.Kind, e.Error())
			require.Equal(t, f.field, e.Field)
			require.Contains(t, e.Error(), f.text)
		})
	}
}

func TestInspectOfALongFakeStereo(t *testing.T) {
	t.Parallel()
	w := pcm16(2, 60000)
	for i := 0; i < len(w.data); i += 4 {
		copy(w.data[i+2:i+4], w.data[i:i+2])
	}
	_, err := Inspect(bytes.NewReader(w.bytes()))
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, SameChannels, e.Kind)
}

func TestDuration(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1500*time.Millisecond, Info{Rate: 8000, Frames: 12000}.Duration())
	require.Equal(t, 3*time.Hour, Info{Rate: 44100, Frames: 3 * 3600 * 44100}.Duration())
}

func TestSourceFailureIsNotTheFilesFault(t *testing.T) {
	t.Parallel()
	file := pcm16(2, 20000).bytes()
	for _, cause := range []error{errors.New("disk on fire"), io.ErrUnexpectedEOF} {
		for _, after := range []int{3, 20, 44, 45, 50000} {
			_, err := Inspect(io.MultiReader(bytes.NewReader(file[:after]),
				iotest.ErrReader(cause)))
			require.ErrorIs(t, err, cause)
			var e *Error
			require.NotErrorAs(t, err, &e)
		}
	}
}
