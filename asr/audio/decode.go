package audio

import (
	"encoding/binary"
	"math"
)

// decoder turns samples that lie stride bytes apart into -1..1, one for each
// element of dst; src begins with the first of them.
type decoder func(dst []float32, src []byte, stride int)

func decoderOf(f format) decoder {
	switch {
	case f.codec == ALaw:
		return tableDecoder(&aLaw)
	case f.codec == MuLaw:
		return tableDecoder(&muLaw)
	case f.codec == Float && f.width == 4:
		return decodeFloat32
	case f.codec == Float:
		return decodeFloat64
	case f.width == 1:
		return tableDecoder(&unsigned8)
	case f.width == 2:
		return decode16
	case f.width == 3:
		return decode24
	}
	return decode32
}

func tableDecoder(t *[256]float32) decoder {
	return func(dst []float32, src []byte, stride int) {
		for i := range dst {
			dst[i] = t[src[i*stride]]
		}
	}
}

func decode16(dst []float32, src []byte, stride int) {
	for i := range dst {
		dst[i] = float32(int16(binary.LittleEndian.Uint16(src[i*stride:]))) * (1.0 / (1 << 15))
	}
}

func decode24(dst []float32, src []byte, stride int) {
	for i := range dst {
		s := src[i*stride:]
		v := uint32(s[0])<<8 | uint32(s[1])<<16 | uint32(s[2])<<24
		dst[i] = float32(int32(v)) * (1.0 / (1 << 31))
	}
}

func decode32(dst []float32, src []byte, stride int) {
	for i := range dst {
		dst[i] = float32(int32(binary.LittleEndian.Uint32(src[i*stride:]))) * (1.0 / (1 << 31))
	}
}

func decodeFloat32(dst []float32, src []byte, stride int) {
	for i := range dst {
		dst[i] = tame(math.Float32frombits(binary.LittleEndian.Uint32(src[i*stride:])))
	}
}

func decodeFloat64(dst []float32, src []byte, stride int) {
	for i := range dst {
		dst[i] = tame(float32(math.Float64frombits(binary.LittleEndian.Uint64(src[i*stride:]))))
	}
}

// tame keeps a float sample in -1..1: float files may hold anything, and one NaN
// would spread over everything behind it in a filter.
func tame(v float32) float32 {
	if v != v {
		return 0
	}
	return max(-1, min(1, v))
}

var aLaw, muLaw, unsigned8 = tables()

// tables makes the values of all one-byte samples. G.711 codes are sign, exponent
// and mantissa, with bits inverted on the line: every other one in A-law, all of
// them in mu-law.
func tables() (a, mu, u [256]float32) {
	for i := range 256 {
		a[i] = float32(aLawValue(byte(i))) / (1 << 15)
		mu[i] = float32(muLawValue(byte(i))) / (1 << 15)
		u[i] = float32(i-128) / (1 << 7)
	}
	return a, mu, u
}

func aLawValue(code byte) int {
	code ^= 0x55
	exp, v := int(code>>4&7), int(code&0xf)<<4+8
	if exp > 0 {
		v = (v + 0x100) << (exp - 1)
	}
	if code&0x80 == 0 {
		return -v
	}
	return v
}

func muLawValue(code byte) int {
	code = ^code
	v := (int(code&0xf)<<3+0x84)<<(code>>4&7) - 0x84
	if code&0x80 != 0 {
		return -v
	}
	return v
}
