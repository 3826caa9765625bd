package audio

import (
	"bytes"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// joinedFile is two recordings in one file.
type joinedFile struct {
	name     string
	file     []byte
	frames   int64 // in both
	declared int64
	kind     Kind // where it is refused
}

func joinedFiles() []joinedFile {
	p, second := pcm16(2, 100), pcm16(2, 70).bytes()
	list := chunk("LIST", -1, []byte("INFOISFT\x05\x00\x00\x00Lavf\x00"), true)
	then := func(name string, first wavFile, second []byte) joinedFile {
		return joinedFile{name: name, file: append(first.bytes(), second...), frames: 170,
			declared: 170}
	}
	changed := func(change func(*wavFile)) wavFile {
		w := pcm16(2, 100)
		change(&w)
		return w
	}
	streamed := func(w *wavFile) { w.outerSize, w.dataSize = 0xFFFFFFFF, 0xFFFFFFFF }
	undeclared := func(f joinedFile) joinedFile { f.declared = 0; return f }
	refused := func(f joinedFile, k Kind) joinedFile { f.kind = k; return f }
	odd := changed(func(w *wavFile) { w.data = append(w.data, 1); w.outerSize = 0; w.noPad = true })
	all := []joinedFile{
		then("one behind the other", p, second),
		then("a LIST between them", changed(func(w *wavFile) { w.after = list }), second),
		undeclared(then("the first streamed", changed(streamed), second)),
		undeclared(then("the first streamed, its header no whole frames",
			changed(func(w *wavFile) { streamed(w); w.before = list }), second)),
		undeclared(then("the second streamed", p, with(pcm16(2, 70), streamed))),
		then("the first's size counts the header in",
			changed(func(w *wavFile) { w.dataSize = 444 }), second),
		then("the first's size far too large",
			changed(func(w *wavFile) { w.dataSize = 1 << 20 }), second),
		refused(then("mono behind stereo", p, pcm16(1, 70).bytes()), OtherFormat),
		refused(then("another rate", p, with(pcm16(2, 70), func(w *wavFile) { w.rate = 16000 })),
			OtherFormat),
		refused(then("a codec that isn't read", p, with(pcm16(2, 70), func(w *wavFile) {
			w.tag = 0x31
		})), OtherCodec),
		refused(then("an impossible header", p, with(pcm16(2, 70), func(w *wavFile) {
			w.rate = 0
		})), BadHeader),
		{name: "a second that was begun only", file: append(p.bytes(), second[:30]...), frames: 100,
			declared: 100},
		{name: "a byte too many in the first", file: append(odd.bytes(), second...), frames: 171,
			declared: 170},
	}
	three := append(p.bytes(), second...)
	return append(all, joinedFile{name: "three", file: append(three, second...), frames: 240,
		declared: 240})
}

func TestJoinedFilesAreReadAsOne(t *testing.T) {
	t.Parallel()
	for _, f := range joinedFiles() {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			got, err := Inspect(bytes.NewReader(f.file))
			if f.kind != "" {
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, f.kind, e.Kind)
				require.Contains(t, e.Error(), "after 13ms another recording follows")
				require.Contains(t, e.Error(), "parts of their own")
				return
			}
			require.NoError(t, err)
			want := stereo(PCM, 16, f.frames)
			want.Declared, want.Sizes = f.declared, got.Sizes
			require.Equal(t, f.declared == 0, got.Sizes == SizesStreamed)
			require.Equal(t, want, got)
			dribbled, err := Inspect(iotest.OneByteReader(bytes.NewReader(f.file)))
			require.NoError(t, err)
			require.Equal(t, got, dribbled)

			both := readAll(t, f.file, 1000)
			second := readAll(t, pcm16(2, 70).bytes(), 70)
			if f.frames == 100 {
				return
			}
			for c := range both { // the second's sides are where they were
				require.Equal(t, second[c], both[c][f.frames-70:])
			}
		})
	}
}

// A joint is found wherever the blocks that are read happen to end.
func TestJointAcrossBlocks(t *testing.T) {
	t.Parallel()
	for shift := range 16 {
		first := pcm16(2, blockBytes/4-8+shift)
		first.dataSize = 0xFFFFFFFF
		file := append(first.bytes(), pcm16(2, 70).bytes()...)
		got, err := Inspect(bytes.NewReader(file))
		require.NoError(t, err)
		require.EqualValues(t, blockBytes/4-8+shift+70, got.Frames)
	}
}
