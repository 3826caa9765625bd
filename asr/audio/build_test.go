package audio

import (
	"bytes"
	"encoding/binary"
	"math"
)

// wavFile builds WAV files, right and wrong ones, for the tests.
type wavFile struct {
	outer      string // "RIFF"
	outerSize  int64  // -1: what is right
	tag        uint16
	channels   int
	rate       int
	bits       int
	align      int    // -1: what is right
	extensible uint16 // the real tag behind tag 0xFFFE
	guidTail   []byte
	validBits  int
	noFmt      bool
	fmtSize    uint32 // 0: what is right
	before     []byte // chunks between fmt and data
	first      []byte // chunks before fmt
	after      []byte
	data       []byte
	dataSize   int64 // -1: what is right
	noData     bool
	noPad      bool
}

// pcm16 is a 16-bit file of frames frames of telephone rate.
func pcm16(channels, frames int) wavFile {
	w := wavFile{outer: "RIFF", outerSize: -1, tag: tagPCM, channels: channels, rate: 8000,
		bits: 16, align: -1, dataSize: -1}
	w.data = ramp(channels*frames, 2)
	return w
}

// ramp is n different samples of width bytes.
func ramp(n, width int) []byte {
	b := make([]byte, 0, n*width)
	for i := range n {
		for k := range width {
			b = append(b, byte(i*37+k*11+5))
		}
	}
	return b
}

func chunk(id string, size int64, body []byte, pad bool) []byte {
	if size < 0 {
		size = int64(len(body))
	}
	b := append([]byte(id), binary.LittleEndian.AppendUint32(nil, uint32(size))...)
	b = append(b, body...)
	if pad && len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

func (w wavFile) fmtBody() []byte {
	le := binary.LittleEndian
	align := w.align
	if align < 0 {
		align = w.channels * w.bits / 8
	}
	b := le.AppendUint16(nil, w.tag)
	b = le.AppendUint16(b, uint16(w.channels))
	b = le.AppendUint32(b, uint32(w.rate))
	b = le.AppendUint32(b, uint32(w.rate*align))
	b = le.AppendUint16(b, uint16(align))
	b = le.AppendUint16(b, uint16(w.bits))
	if w.extensible == 0 {
		return b
	}
	b = le.AppendUint16(b, 22)
	b = le.AppendUint16(b, uint16(w.validBits))
	b = le.AppendUint32(b, 0)
	b = le.AppendUint16(b, w.extensible)
	if w.guidTail != nil {
		return append(b, w.guidTail...)
	}
	return append(b, subFormat...)
}

func (w wavFile) bytes() []byte {
	var b bytes.Buffer
	b.WriteString("WAVE")
	b.Write(w.first)
	if !w.noFmt {
		f := w.fmtBody()
		if w.fmtSize > 0 {
			f = append(f, make([]byte, max(0, int(w.fmtSize)-len(f)))...)[:w.fmtSize]
		}
		b.Write(chunk("fmt ", -1, f, true))
	}
	b.Write(w.before)
	if !w.noData {
		b.Write(chunk("data", w.dataSize, w.data, !w.noPad))
	}
	b.Write(w.after)
	size := w.outerSize
	if size < 0 {
		size = int64(b.Len())
	}
	return append(append([]byte(w.outer), binary.LittleEndian.AppendUint32(nil, uint32(size))...),
		b.Bytes()...)
}

// ds64 is RF64's chunk of sizes.
func ds64(riff, data uint64) []byte {
	le := binary.LittleEndian
	b := le.AppendUint64(nil, riff)
	b = le.AppendUint64(b, data)
	b = le.AppendUint64(b, 0)
	return chunk("ds64", -1, le.AppendUint32(b, 0), true)
}

// sine is n samples of a tone, 16 bits, in every channel with its own phase.
func sine(n, channels, rate int, hz, level float64) []byte {
	b := make([]byte, 0, 2*n*channels)
	for i := range n {
		for c := range channels {
			v := level * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)+float64(c))
			b = binary.LittleEndian.AppendUint16(b, uint16(int16(v*32767)))
		}
	}
	return b
}
