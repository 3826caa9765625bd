package recording_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/recording"
)

// header is that of a 16-bit WAV file at 8 kHz which claims size bytes of samples.
func header(channels uint16, size uint32) []byte {
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	b.WriteString("RIFF")
	put(size + 36)
	b.WriteString("WAVEfmt ")
	put([]uint32{16, uint32(channels)<<16 | 1, 8000, 8000 * 2 * uint32(channels),
		16<<16 | 2*uint32(channels)})
	b.WriteString("data")
	put(size)
	return b.Bytes()
}

// wav is a second of two tracks, which differ by seed.
func wav(seed byte) []byte {
	samples := make([]byte, 4*8000)
	for i := range samples {
		samples[i] = byte(i*7) ^ byte(i>>9) ^ seed
	}
	return append(header(2, uint32(len(samples))), samples...)
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// bench is an intake on real parts.
type bench struct {
	*recording.Intake
	db         *store.DB
	blobs      *blob.Dir
	dir        string
	path       string // the database's
	enqueueErr error
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{dir: filepath.Join(t.TempDir(), "audio"), path: filepath.Join(t.TempDir(), "refrain.db")}
	keys, err := freeze.NewKeys(make([]byte, freeze.SecretSize))
	require.NoError(t, err)
	b.db, err = store.Open(t.Context(), b.path, store.Options{
		Keys: keys, Enqueue: func(context.Context, store.Tx, recording.Recording) error {
			return b.enqueueErr
		},
		Now: time.Now,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.db.Close()) })
	b.blobs, err = blob.Open(b.dir)
	require.NoError(t, err)
	b.Intake = &recording.Intake{Store: b.db.Recordings, Blobs: b.blobs,
		Defaults: recording.Defaults{CustomerChannel: audio.Right}, Now: time.Now}
	return b
}

// files counts what lies in the audio directory.
func (b *bench) files(t *testing.T) int {
	t.Helper()
	n := 0
	require.NoError(t, filepath.WalkDir(b.dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			n++
		}
		return err
	}))
	return n
}

func (b *bench) recordings(t *testing.T) int {
	t.Helper()
	list, err := b.db.Recordings.List(t.Context(), recording.Filter{})
	require.NoError(t, err)
	return len(list)
}

func meta() recording.Metadata {
	return recording.Metadata{CallID: "call-1", Number: "13800138000", Agent: "a-17"}
}

// A clock that was never set must not date a freeze.
func TestUploadFromBeforeAllCalls(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	m := meta()
	m.StartedAt = time.Unix(0, 0)
	_, _, err := b.Upload(t.Context(), m, bytes.NewReader(wav(0)))
	require.ErrorContains(t, err, "clock")
	m.StartedAt = time.Date(2009, 3, 2, 9, 0, 0, 0, time.UTC)
	_, _, err = b.Upload(t.Context(), m, bytes.NewReader(wav(0)))
	require.NoError(t, err)
}

func TestUpload(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sent := append(wav(0), "LIST chunks and whatever follows the sound"...)
	m := meta()
	m.SHA256 = sum(sent)
	rec, duplicate, err := b.Upload(t.Context(), m, iotest.HalfReader(bytes.NewReader(sent)))
	require.NoError(t, err)
	require.False(t, duplicate)
	require.Equal(t, recording.Queued, rec.State)
	require.Equal(t, sum(sent), rec.SHA256)
	require.EqualValues(t, len(sent), rec.Size)
	require.Equal(t, time.Second, rec.Audio.Duration())
	require.Equal(t, 2, rec.Audio.Channels)
	kept, err := b.db.Recordings.Get(t.Context(), rec.ID)
	require.NoError(t, err)
	require.Equal(t, rec, kept)
	f, err := b.blobs.Open(t.Context(), rec.ID)
	require.NoError(t, err)
	got, err := io.ReadAll(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.True(t, bytes.Equal(sent, got), "what is kept is what was sent")
	require.Equal(t, 1, b.files(t))
}

// A recorder deletes its copy once it hears that the recording is there: so the audio
// must be there, too, whatever happened to it meanwhile.
func TestUploadAgainAfterAudioWasLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, _, err := b.Upload(t.Context(), meta(), bytes.NewReader(wav(0)))
	require.NoError(t, err)
	for _, claimed := range []string{"", sum(wav(0))} {
		require.NoError(t, b.blobs.Remove(t.Context(), first.ID))
		m := meta()
		m.SHA256 = claimed
		again, duplicate, err := b.Upload(t.Context(), m, bytes.NewReader(wav(0)))
		require.NoError(t, err)
		require.True(t, duplicate)
		require.Equal(t, first.ID, again.ID)
		has, err := b.blobs.Has(t.Context(), first.ID)
		require.NoError(t, err)
		require.True(t, has)
	}
	require.Equal(t, 1, b.recordings(t))
}

func TestUploadAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, _, err := b.Upload(t.Context(), meta(), bytes.NewReader(wav(0)))
	require.NoError(t, err)

	again, duplicate, err := b.Upload(t.Context(), meta(), bytes.NewReader(wav(0)))
	require.NoError(t, err)
	require.True(t, duplicate)
	require.Equal(t, first, again)

	m := meta()
	m.SHA256 = sum(wav(0))
	again, duplicate, err = b.Upload(t.Context(), m, iotest.ErrReader(errors.New("not read")))
	require.NoError(t, err, "with its checksum it is known before it is read")
	require.True(t, duplicate)
	require.Equal(t, first, again)

	for name, claimed := range map[string]string{"said so": sum(wav(1)), "not said": ""} {
		m.SHA256 = claimed
		_, _, err = b.Upload(t.Context(), m, bytes.NewReader(wav(1)))
		require.Equal(t, fault.Exists, fault.KindOf(err), name)
		require.Equal(t, "RECORDING_EXISTS", fault.ReasonOf(err), name)
		require.ErrorContains(t, err, "other audio", name)
	}
	for name, correct := range map[string]func(*recording.Metadata){
		"number":           func(m *recording.Metadata) { m.Number = "13800138099" },
		"customer_channel": func(m *recording.Metadata) { m.CustomerChannel = audio.Left },
		"answer_offset":    func(m *recording.Metadata) { m.AnswerOffset = time.Millisecond },
	} {
		m := meta()
		correct(&m)
		_, _, err = b.Upload(t.Context(), m, bytes.NewReader(wav(0)))
		require.Equal(t, "RECORDING_EXISTS", fault.ReasonOf(err),
			"a corrected %s must not seem taken over", name)
		require.ErrorContains(t, err, "("+name+")")
	}
	m = meta()
	m.Part = "transferred"
	_, duplicate, err = b.Upload(t.Context(), m, bytes.NewReader(wav(1)))
	require.NoError(t, err)
	require.False(t, duplicate)
	require.Equal(t, 2, b.files(t))
	require.Equal(t, 2, b.recordings(t))
}

func TestUploadAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const n = 12
	recs, fresh, errs := make([]recording.Recording, n), make([]bool, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var duplicate bool
			recs[i], duplicate, errs[i] = b.Upload(t.Context(), meta(), bytes.NewReader(wav(0)))
			fresh[i] = !duplicate
		})
	}
	wg.Wait()
	created := 0
	for i := range n {
		require.NoError(t, errs[i])
		require.Equal(t, recs[0], recs[i])
		if fresh[i] {
			created++
		}
	}
	require.Equal(t, 1, created)
	require.Equal(t, 1, b.files(t))
}

// Whatever goes wrong, nothing is left behind.
func TestUploadRefused(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	same := wav(0)
	for i := 44; i < len(same); i += 4 {
		copy(same[i+2:i+4], same[i:i+2])
	}
	mono := append(header(1, 16000), wav(0)[44:16044]...)
	for _, tt := range []struct {
		name   string
		change func(*recording.Metadata)
		body   io.Reader
		kind   fault.Kind
		reason string
	}{
		{"bad metadata", func(m *recording.Metadata) { m.CallID = "" }, bytes.NewReader(wav(0)),
			fault.Invalid, "INVALID_REQUEST"},
		{"other bytes than said", func(m *recording.Metadata) { m.SHA256 = sum(wav(1)) },
			bytes.NewReader(wav(0)), fault.Invalid, "SHA256_MISMATCH"},
		{"the stream breaks", nil, io.MultiReader(bytes.NewReader(wav(0)[:9000]),
			iotest.ErrReader(boom)), fault.Internal, ""},
		{"the stream breaks in the header", nil,
			io.MultiReader(bytes.NewReader(wav(0)[:20]), iotest.ErrReader(boom)), fault.Internal,
			""},
		{"the stream breaks at the end", nil,
			io.MultiReader(bytes.NewReader(wav(0)), iotest.ErrReader(boom)), fault.Internal, ""},
		{"empty", nil, bytes.NewReader(nil), fault.Invalid, "AUDIO_NO_SAMPLES"},
		{"no audio", nil, bytes.NewReader(bytes.Repeat([]byte("text "), 1000)), fault.Invalid,
			"AUDIO_NOT_AUDIO"},
		{"no samples", nil, bytes.NewReader(header(2, 0)), fault.Invalid, "AUDIO_NO_SAMPLES"},
		{"fake stereo", nil, bytes.NewReader(same), fault.Invalid, "AUDIO_SAME_CHANNELS"},
		{"mono, but not said so", nil, bytes.NewReader(mono), fault.Invalid, "INVALID_REQUEST"},
		{"answered after its end", func(m *recording.Metadata) { m.AnswerOffset = time.Minute },
			bytes.NewReader(wav(0)), fault.Invalid, "INVALID_REQUEST"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			m := meta()
			if tt.change != nil {
				tt.change(&m)
			}
			_, duplicate, err := b.Upload(t.Context(), m, tt.body)
			require.Error(t, err)
			require.False(t, duplicate)
			require.Equal(t, tt.kind, fault.KindOf(err), "%v", err)
			require.Equal(t, tt.reason, fault.ReasonOf(err), "%v", err)
			if tt.kind == fault.Internal {
				require.ErrorIs(t, err, boom)
			}
			require.Zero(t, b.files(t))
			require.Zero(t, b.recordings(t))
		})
	}
}

func TestUploadWithoutAQueue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.enqueueErr = errors.New("boom")
	_, _, err := b.Upload(t.Context(), meta(), bytes.NewReader(wav(0)))
	require.ErrorIs(t, err, b.enqueueErr)
	require.Zero(t, b.files(t))
	require.Zero(t, b.recordings(t))
	b.enqueueErr = nil
	_, duplicate, err := b.Upload(t.Context(), meta(), bytes.NewReader(wav(0)))
	require.NoError(t, err)
	require.False(t, duplicate)
}

// full is storage without any room.
type full struct{ discarded bool }

var errFull = errors.New("no space left")

func (f *full) NewBlob() (recording.Blob, error)                { return f, nil }
func (f *full) Write([]byte) (int, error)                       { return 0, errFull }
func (f *full) Commit(context.Context, recording.ID) error      { return errFull }
func (f *full) Discard()                                        { f.discarded = true }
func (f *full) Has(context.Context, recording.ID) (bool, error) { return false, nil }
func (f *full) Remove(context.Context, recording.ID) error      { return nil }
func (f *full) Reread() (io.ReadCloser, error)                  { return nil, errFull }
func (f *full) Open(context.Context, recording.ID) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// nowhere is storage that keeps nothing.
type nowhere struct{}

func (nowhere) NewBlob() (recording.Blob, error) { return nowhere{}, nil }
func (nowhere) Write(p []byte) (int, error)      { return len(p), nil }
func (nowhere) Commit(context.Context, recording.ID) error {
	return errors.New("there is nothing to commit to")
}
func (nowhere) Discard()                                        {}
func (nowhere) Has(context.Context, recording.ID) (bool, error) { return false, nil }
func (nowhere) Remove(context.Context, recording.ID) error      { return nil }
func (nowhere) Reread() (io.ReadCloser, error)                  { return nil, fs.ErrNotExist }
func (nowhere) Open(context.Context, recording.ID) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}

// silence never ends.
type silence struct{}

func (silence) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// A full disk is the server's trouble, not the audio's.
func TestUploadToAFullDisk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	storage := &full{}
	b.Blobs = storage
	_, _, err := b.Upload(t.Context(), meta(), bytes.NewReader(wav(0)))
	require.ErrorIs(t, err, errFull)
	require.Equal(t, fault.Internal, fault.KindOf(err))
	require.True(t, storage.discarded)
}

func TestUploadTooLarge(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("SKIPPED: reads 512 MiB")
	}
	b := newBench(t)
	b.Blobs = nowhere{}
	m := meta()
	m.CustomerChannel = audio.Mono
	body := &counter{r: io.MultiReader(bytes.NewReader(header(1, 0xFFFFFFFF)), silence{})}
	_, _, err := b.Upload(t.Context(), m, body)
	require.Equal(t, "TOO_LARGE", fault.ReasonOf(err))
	require.ErrorContains(t, err, "512 MiB")
	require.InDelta(t, recording.MaxSize, body.n, 1<<20, "it stops right there")
}

// counter counts what is read through it.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// What is answered from what was sent before is written nowhere, which would tell that the
// database is gone.
func TestUploadAgainWithoutADatabase(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{"", "-wal"} {
		for name, again := range map[string]struct {
			claimed bool
			file    []byte
		}{"the same": {false, wav(0)}, "its checksum": {true, wav(0)}, "its beginning": {false, cut(32_000, 8000)}} {
			t.Run(name+suffix, func(t *testing.T) {
				t.Parallel()
				b, m := newBench(t), meta()
				_, _, err := b.Upload(t.Context(), m, bytes.NewReader(wav(0)))
				require.NoError(t, err)
				if again.claimed {
					m.SHA256 = sum(again.file)
				}
				require.NoError(t, os.Rename(b.path+suffix, b.path+suffix+".away"))
				_, duplicate, err := b.Upload(t.Context(), m, bytes.NewReader(again.file))
				require.Equal(t, store.GoneReason, fault.ReasonOf(err))
				require.False(t, duplicate)
				require.NoError(t, os.Rename(b.path+suffix+".away", b.path+suffix))
				_, duplicate, err = b.Upload(t.Context(), m, bytes.NewReader(again.file))
				require.NoError(t, err)
				require.True(t, duplicate)
			})
		}
	}
}
