package learned

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
)

//go:generate go run -tags generate ./gen

//go:embed model.bin
var embedded []byte

// Default is the model that the program carries. All callers share it.
var Default = sync.OnceValues(func() (*Model, error) {
	m, err := Read(embedded)
	if err != nil {
		return nil, fmt.Errorf("read the embedded model of refusals: %w", err)
	}
	return m, nil
})

// Weights is a model before it is packed.
type Weights struct {
	// Data is the SHA-256, in hex, of the labelled utterances that it was trained from.
	Data string
	Bias float64
	// Classes are the ids of what a refusal can mean, ClassBias their biases.
	Classes   []string
	ClassBias []float64
	Features  map[uint64]Weight
	Balance   Balance
	Ordinary  Ordinary
}

// Weight is that of a feature: for a refusal, and for each of Weights.Classes.
type Weight struct {
	Refusal float64
	Classes []float64
}

// entry is a feature as it is stored.
type entry struct {
	key     uint64
	refusal int8
	classes []int8
}

// Bounds of the table's size; a third of it stays free.
const fewestBits, mostBits = 8, 24

// Write packs weights for a file, in one byte each: a line of JSON; the features' keys,
// each as the difference to the one before; then their weights, and those for each of
// the classes; all compressed by gzip. What rounds to nothing is left out.
func Write(w Weights) ([]byte, error) {
	h := head{Data: w.Data, Bias: w.Bias, Classes: w.Classes, ClassBias: w.ClassBias,
		Balance: w.Balance, Ordinary: w.Ordinary, Bits: fewestBits}
	for h.Bits < mostBits && 1<<h.Bits < len(w.Features)*3/2 {
		h.Bits++
	}
	entries := h.entries(w.Features)
	h.Features = len(entries)
	first, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("write the head of a model: %w", err)
	}
	body := bytes.NewBuffer(first)
	body.WriteByte('\n')
	last := uint64(0)
	for _, e := range entries {
		body.Write(binary.AppendUvarint(nil, e.key-last))
		last = e.key
	}
	for _, e := range entries {
		body.WriteByte(byte(e.refusal))
	}
	for c := range w.Classes {
		for _, e := range entries {
			body.WriteByte(byte(e.classes[c]))
		}
	}
	return pack(body.Bytes())
}

func pack(body []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// entries rounds the features, in order of their keys, and sets the units.
func (h *head) entries(features map[uint64]Weight) []entry {
	for _, f := range features {
		h.Unit = max(h.Unit, math.Abs(f.Refusal)/math.MaxInt8)
		for _, c := range f.Classes {
			h.ClassUnit = max(h.ClassUnit, math.Abs(c)/math.MaxInt8)
		}
	}
	h.Unit, h.ClassUnit = cmp.Or(h.Unit, 1), cmp.Or(h.ClassUnit, 1)
	list := make([]entry, 0, len(features))
	for feature, f := range features {
		if e := h.entry(feature, f); e.refusal != 0 ||
			slices.ContainsFunc(e.classes, func(w int8) bool { return w != 0 }) {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.refusal, b.refusal))
	})
	return slices.CompactFunc(list, func(a, b entry) bool { return a.key == b.key })
}

func (h *head) entry(feature uint64, f Weight) entry {
	e := entry{key: h.key(feature), refusal: int8(math.Round(f.Refusal / h.Unit)),
		classes: make([]int8, len(h.Classes))}
	for c, weight := range f.Classes {
		e.classes[c] = int8(math.Round(weight / h.ClassUnit))
	}
	return e
}

// Read reads what Write wrote.
func Read(packed []byte) (*Model, error) {
	m := &Model{}
	rest, err := m.unpack(packed)
	if err != nil {
		return nil, err
	}
	h := m.head
	if h.Bits < fewestBits || h.Bits > mostBits || h.Features < 0 || h.Features >= 1<<h.Bits {
		return nil, fmt.Errorf("%d features in a table of 2^%d", h.Features, h.Bits)
	}
	if len(h.Classes) != len(h.ClassBias) {
		return nil, fmt.Errorf("%d classes with %d biases", len(h.Classes), len(h.ClassBias))
	}
	keys := make([]uint64, h.Features)
	last := uint64(0)
	for i := range keys {
		step, size := binary.Uvarint(rest)
		if size <= 0 {
			return nil, io.ErrUnexpectedEOF
		}
		last += step
		keys[i], rest = last, rest[size:]
	}
	if len(rest) != h.Features*(1+len(h.Classes)) {
		return nil, fmt.Errorf("%d bytes of weights for %d features", len(rest), h.Features)
	}
	m.fill(keys, rest)
	return m, nil
}

// unpack reads the head and returns what follows it.
func (m *Model) unpack(packed []byte) (rest []byte, err error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(unpacked)
	if err != nil {
		return nil, err
	}
	first, rest, _ := bytes.Cut(body, []byte{'\n'})
	return rest, json.Unmarshal(first, &m.head)
}

// fill puts the features into the table.
func (m *Model) fill(keys []uint64, weights []byte) {
	n := len(m.head.Classes)
	m.slots, m.classes = make([]uint32, 1<<m.head.Bits), make([]int8, n<<m.head.Bits)
	last := uint32(len(m.slots) - 1)
	for i, key := range keys {
		at, mark := place(key)
		for at &= last; m.slots[at] != 0; at = (at + 1) & last {
		}
		m.slots[at] = mark<<8 | uint32(weights[i])
		for c := range n {
			m.classes[int(at)*n+c] = int8(weights[(c+1)*len(keys)+i])
		}
	}
}
