package recording_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/recording"
)

// cut is a second of two tracks of which a recorder has written so many bytes, with that
// size in the header.
func cut(size uint32, n int) []byte {
	whole := wav(0)
	b := bytes.Clone(whole[:len(whole)-4*8000+n])
	binary.LittleEndian.PutUint32(b[40:], size)
	return b
}

func (b *bench) stored(t *testing.T, id recording.ID) []byte {
	t.Helper()
	f, err := b.blobs.Open(t.Context(), id)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	got, err := io.ReadAll(f)
	require.NoError(t, err)
	return got
}

func TestUploadOfAnUnfinishedFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		file    []byte
		refused bool
		want    string
	}{
		{"no sizes yet", cut(0, 8000), true, "header_unfinished"},
		{"a stream's sizes", cut(0xFFFFFFFF, 8000), false, "header_unfinished"},
		{"older sizes", cut(4000, 8000), false, "header_unfinished"},
		{"cut", cut(32_000, 8000), false, "truncated"},
		{"whole", wav(0), false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, m := newBench(t), meta()
			r, _, err := b.Upload(t.Context(), m, bytes.NewReader(tt.file))
			if tt.refused {
				require.Equal(t, fault.Unavailable, fault.KindOf(err))
				require.Equal(t, "AUDIO_UNFINISHED", fault.ReasonOf(err))
				require.ErrorContains(t, err, "once the recorder has closed it")
				require.Zero(t, b.files(t))
				require.Zero(t, b.recordings(t))
				m.UnfinishedOK = true
				r, _, err = b.Upload(t.Context(), m, bytes.NewReader(tt.file))
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, r.Defects().String())
		})
	}
}

func TestUploadGoesOn(t *testing.T) {
	t.Parallel()
	later := cut(0, 32_000)
	offset := meta()
	offset.AnswerOffset = 1
	for _, tt := range []struct {
		name          string
		first, second []byte
		meta          recording.Metadata
		becomes       string // replaced, duplicate or an error's reason
	}{
		{"no sizes, then whole", cut(0, 8000), wav(0), meta(), "replaced"},
		{"a stream, then whole", cut(0xFFFFFFFF, 8000), wav(0), meta(), "replaced"},
		{"cut, then whole", cut(32_000, 8000), wav(0), meta(), "replaced"},
		{"true sizes of then", cut(8000, 8000), wav(0), meta(), "replaced"},
		{"it goes on, still unfinished", cut(0, 8000), cut(0, 16_000), meta(), "replaced"},
		{"only the header was missing", later, wav(0), meta(), "replaced"},
		{"whole, then cut", wav(0), cut(0, 8000), meta(), "duplicate"},
		{"whole, then the header missing", wav(0), later, meta(), "duplicate"},
		{"other samples", cut(0, 8000), wav(9), meta(), "RECORDING_EXISTS"},
		{"other particulars", cut(0, 8000), wav(0), offset, "RECORDING_EXISTS"},
	} {
		for _, claimed := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				b, m := newBench(t), meta()
				m.UnfinishedOK = true
				first, _, err := b.Upload(t.Context(), m, bytes.NewReader(tt.first))
				require.NoError(t, err)
				m = tt.meta
				m.UnfinishedOK = true
				if claimed {
					m.SHA256 = sum(tt.second)
				}
				got, duplicate, err := b.Upload(t.Context(), m, bytes.NewReader(tt.second))
				require.Equal(t, 1, b.files(t))
				require.Equal(t, 1, b.recordings(t))
				now, readErr := b.db.Recordings.Get(t.Context(), first.ID)
				require.NoError(t, readErr)
				if tt.becomes != "replaced" {
					require.Equal(t, first, now, "nothing is different")
					require.Equal(t, tt.first, b.stored(t, first.ID))
					require.Equal(t, tt.becomes == "duplicate", duplicate)
					if !duplicate {
						require.Equal(t, tt.becomes, fault.ReasonOf(err), "%v", err)
					}
					return
				}
				require.NoError(t, err)
				require.False(t, duplicate)
				require.Equal(t, got, now)
				require.Equal(t, first.ID, got.ID)
				require.Equal(t, 1, got.Replaced)
				require.Equal(t, sum(tt.second), got.SHA256)
				require.Equal(t, recording.Queued, got.State)
				require.Equal(t, tt.second, b.stored(t, first.ID))
				versions, err := b.db.Recordings.Versions(t.Context(), first.ID)
				require.NoError(t, err)
				require.Len(t, versions, 1)
				require.Equal(t, first.SHA256, versions[0].SHA256)
				require.Equal(t, first.Audio, versions[0].Audio)
			})
		}
	}
}

// While a recording is heard, what is made of its beginning must be stored first.
func TestUploadGoesOnWhileItIsHeard(t *testing.T) {
	t.Parallel()
	b, m := newBench(t), meta()
	m.UnfinishedOK = true
	first, _, err := b.Upload(t.Context(), m, bytes.NewReader(cut(0, 8000)))
	require.NoError(t, err)
	running, err := b.db.Recordings.BeginAttempt(t.Context(), first.ID, 0)
	require.NoError(t, err)
	_, _, err = b.Upload(t.Context(), m, bytes.NewReader(wav(0)))
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Equal(t, "RECORDING_BUSY", fault.ReasonOf(err))
	now, err := b.db.Recordings.Get(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, running, now)
	require.Equal(t, cut(0, 8000), b.stored(t, first.ID))
}

// A crash may have replaced the audio and not the row: sent again, it is put right.
func TestUploadGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	b, m := newBench(t), meta()
	m.UnfinishedOK = true
	first, _, err := b.Upload(t.Context(), m, bytes.NewReader(cut(0, 8000)))
	require.NoError(t, err)
	blob, err := b.blobs.NewBlob()
	require.NoError(t, err)
	_, err = blob.Write(wav(0))
	require.NoError(t, err)
	require.NoError(t, blob.Commit(t.Context(), first.ID))
	got, duplicate, err := b.Upload(t.Context(), m, bytes.NewReader(wav(0)))
	require.NoError(t, err)
	require.False(t, duplicate)
	require.Equal(t, sum(wav(0)), got.SHA256)
	require.Equal(t, audio.SizesTrue, got.Audio.Sizes)
}

// A file that is the beginning of what is there takes its place where somebody says that it is right.
func TestUploadOfTheBeginningInPlace(t *testing.T) {
	t.Parallel()
	b, m := newBench(t), meta()
	first, _, err := b.Upload(t.Context(), m, bytes.NewReader(wav(0)))
	require.NoError(t, err)
	m.Replace = &recording.Replacement{By: "ops", Reason: "another call follows"}
	for _, duplicate := range []bool{false, true} {
		now, is, err := b.Upload(t.Context(), m, bytes.NewReader(cut(8000, 8000)))
		require.NoError(t, err)
		require.Equal(t, duplicate, is)
		require.NotEqual(t, first.ID, now.ID)
		require.Equal(t, cut(8000, 8000), b.stored(t, now.ID))
		require.Equal(t, wav(0), b.stored(t, first.ID))
	}
	aside, err := b.db.Recordings.AsideOf(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, "another call follows", aside.Reason)
}
