package audio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
)

// bare is sound without a header, as the ending of its file's name tells.
type bare struct {
	endings string // separated by blanks
	tag     uint16 // of WAV, 0 for GSM 6.10
	rate    int
	bits    int
}

// bareFormats are what telephone systems write, all of one channel. Ambiguous endings, such
// as .raw and .pcm, are not among them.
var bareFormats = []bare{
	{"ulaw ul ulw mulaw pcmu g711u", tagMuLaw, 8000, 8},
	{"alaw al alw pcma g711a", tagALaw, 8000, 8},
	{"sln slin sln8", tagPCM, 8000, 16},
	{"sln12", tagPCM, 12000, 16},
	{"sln16", tagPCM, 16000, 16},
	{"sln24", tagPCM, 24000, 16},
	{"sln32", tagPCM, 32000, 16},
	{"sln44", tagPCM, 44100, 16},
	{"sln48", tagPCM, 48000, 16},
	{"vox", tagOKI, 8000, 4},
	{"g722", tagG722, 16000, 8},
	{"g723", tagG7231, 8000, 0},
	{"gsm", 0, 8000, 0},
}

// WAV format tags of what is decoded elsewhere.
const (
	tagOKI   = 0x0010
	tagG7231 = 0x0042
	tagG722  = 0x028F
)

// Named gives r the header that its file's name tells of, where r is sound without one: so
// that a call.ulaw can be read, and sent, with all its bytes behind a header. The error is
// an *Error where the name says that r is headerless sound, but not of which kind. Size is how
// many bytes r has.
func Named(name string, r io.Reader, size int64) (io.Reader, error) {
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	br := bufio.NewReaderSize(r, blockBytes)
	head, err := br.Peek(blockBytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read it: %w", err)
	}
	if len(head) == 0 || isWAV(head) || isText(head) {
		return br, nil
	}
	for _, f := range bareFormats {
		if hasWord(f.endings, ending) && !marked(head) {
			return io.MultiReader(bytes.NewReader(f.header(size)), br), nil
		}
	}
	if hasWord("raw pcm g729 g726 g721 g728", ending) && !marked(head) {
		return nil, refuse(NotAudio, "the name says that it is sound without a header, but not "+
			"of which kind: say it, such as: sox -t raw -r 8000 -e signed -b 16 -c 1 FILE FILE.wav "+
			"(A-law: -e a-law -b 8; two channels: -c 2)")
	}
	return br, nil
}

// Headerless reports whether the name says that the file is sound without a header.
func Headerless(name string) bool {
	ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	for _, f := range bareFormats {
		if hasWord(f.endings, ending) {
			return true
		}
	}
	return false
}

func hasWord(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}

// marked reports that head begins like a known format. Two or three bytes, and the frames of
// MPEG, are too little of a sign: A-law and mu-law have them, too.
func marked(head []byte) bool {
	s := known(head)
	return s != nil && (len(s.magic) > 3 || bytes.HasPrefix(head, []byte("ID3")))
}

func (f bare) header(size int64) []byte {
	if f.tag == 0 {
		return gsmHeader()
	}
	const before = 36                                            // bytes of the file before the samples, less the first two fields
	file, data := uint32(math.MaxUint32), uint32(math.MaxUint32) // to the end of the file
	if size < math.MaxUint32-before {
		file, data = uint32(size)+before, uint32(size)
	}
	le := binary.LittleEndian
	h := append(le.AppendUint32([]byte("RIFF"), file), "WAVEfmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, f.tag)
	h = le.AppendUint16(h, 1)
	h = le.AppendUint32(h, uint32(f.rate))
	h = le.AppendUint32(h, uint32(f.rate*max(f.bits, 8)/8))
	h = le.AppendUint16(h, uint16(f.align()))
	h = le.AppendUint16(h, uint16(f.bits))
	return le.AppendUint32(append(h, "data"...), data)
}

// align is the bytes of a block: of G.723.1, a frame of 30 ms at 6.3 kbit/s.
func (f bare) align() int {
	if f.bits == 0 {
		return 24
	}
	return max(f.bits, 8) / 8
}

// gsmHeader is that of a Core Audio file: WAV has GSM 6.10 only packed otherwise.
func gsmHeader() []byte {
	be := binary.BigEndian
	h := append([]byte("caff\x00\x01\x00\x00desc"), 0, 0, 0, 0, 0, 0, 0, 32)
	h = be.AppendUint64(h, math.Float64bits(8000))
	h = append(h, "agsm"...)
	for _, v := range []uint32{0, 33, 160, 1, 0} { // flags, bytes and frames a packet, channels
		h = be.AppendUint32(h, v)
	}
	h = append(h, "data"...)
	h = be.AppendUint64(h, math.MaxUint64) // to the end of the file
	return be.AppendUint32(h, 0)
}
