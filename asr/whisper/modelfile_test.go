package whisper

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func f32Blocks(ggmlType int32) (int64, int64) {
	if ggmlType != 0 {
		return 0, 0
	}
	return 1, 4
}

// tinyModel writes a whole model file with the smallest sizes: 11 + 15 + 24 tensors of
// one number each. It satisfies the checker, not whisper.cpp.
func tinyModel(change func(*modelHeader)) []byte {
	h := modelHeader{
		Vocabulary: 3, AudioContext: 1500, AudioState: 8, AudioHeads: 2, AudioLayers: 1,
		TextContext: 8, TextState: 8, TextHeads: 2, TextLayers: 1, Mels: 80, Format: 1,
	}
	if change != nil {
		change(&h)
	}
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	put(uint32(modelMagic))
	put(h)
	put([]int32{80, melFilterSize})
	put(make([]float32, 80*melFilterSize))
	put(int32(2))
	for _, token := range []string{"没", ""} {
		put(uint32(len(token)))
		b.WriteString(token)
	}
	for range 11 + 15 + 24 {
		put([]int32{2, 1, 0, 1, 1}) // two dimensions, a name of one byte, float32, 1 x 1
		b.WriteString("w")
		put(float32(0))
	}
	return b.Bytes()
}

func TestCheckModel(t *testing.T) {
	t.Parallel()
	good := tinyModel(nil)
	tensors := len(good) - 50*25
	with := func(at int, b ...byte) []byte {
		changed := bytes.Clone(good)
		copy(changed[at:], b)
		return changed
	}
	for name, c := range map[string]struct {
		file []byte
		say  string
	}{
		"whole":               {good, ""},
		"empty":               {nil, "cut short: the magic number"},
		"only a magic number": {good[:4], "cut short: the header"},
		"random":              {[]byte("\x01\x02\x03\x04 and so on"), "no ggml Whisper model"},
		"GGUF":                {[]byte("GGUF and so on"), "GGUF"},
		"web page":            {[]byte("<html>404</html>"), "web page"},
		"LFS pointer":         {[]byte("version https://git-lfs"), "Git LFS"},
		"PyTorch":             {[]byte("PK\x03\x04"), "PyTorch"},
		"negative layers": {tinyModel(func(h *modelHeader) { h.AudioLayers = -1 }),
			"audio layers is -1"},
		"absurd vocabulary": {tinyModel(func(h *modelHeader) { h.Vocabulary = 1 << 30 }),
			"vocabulary is 1073741824"},
		"unequal states": {tinyModel(func(h *modelHeader) { h.TextState = 16 }),
			"text state is 16"},
		"heads that don't divide": {tinyModel(func(h *modelHeader) { h.AudioHeads = 3 }),
			"divide"},
		"other mel bands": {tinyModel(func(h *modelHeader) { h.Mels = 128 }),
			"mel filters"},
		"more layers than tensors": {tinyModel(func(h *modelHeader) { h.TextLayers = 2 }),
			"50 tensors of 74"},
		"fewer layers":           {with(4+4*8, 0), "text layers is 0"},
		"cut in the filters":     {good[:1000], "cut short: the mel filters"},
		"cut in a token":         {good[:tensors-5], "cut short: a token"},
		"long token":             {with(tensors-11, 0xff, 0xff, 0xff), "token 0 has"},
		"no weights":             {good[:tensors], "no weights"},
		"cut between tensors":    {good[:len(good)-25], "49 tensors of 50"},
		"cut in the last tensor": {good[:len(good)-1], "cut short: tensor 49"},
		"no dimensions":          {with(tensors, 0), "tensor 0 is damaged"},
		"absurd dimensions": {with(tensors+12, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff, 0x7f),
			"dimensions"},
		"unknown type":     {with(tensors+8, 9), "type 9"},
		"something behind": {append(bytes.Clone(good), good[tensors:]...), "goes on after"},
	} {
		err := checkModel(bytes.NewReader(c.file), int64(len(c.file)), f32Blocks, false)
		if c.say == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.say, name)
	}
	require.NoError(t, checkModel(bytes.NewReader(good[:tensors]), int64(tensors), f32Blocks, true),
		"no weights, as asked")
}

func TestCheckModelFile(t *testing.T) {
	t.Parallel()
	require.NoError(t, checkModelFile(demoModel(t), ggmlBlock, false))
	require.ErrorIs(t, checkModelFile("testdata/none.bin", ggmlBlock, false), os.ErrNotExist)
	require.ErrorContains(t, checkModelFile("testdata", ggmlBlock, false), "not a file")
}

func FuzzCheckModel(f *testing.F) {
	good := tinyModel(nil)
	f.Add(good)
	f.Add(good[:100])
	f.Add(good[:len(good)-30])
	f.Fuzz(func(_ *testing.T, file []byte) {
		_ = checkModel(bytes.NewReader(file), int64(len(file)), f32Blocks, false)
	})
}
