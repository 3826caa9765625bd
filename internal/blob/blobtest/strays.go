package blobtest

import (
	"context"
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

// swept sweeps on SweptOn or so many days after.
func swept(tb testing.TB, s blob.Store, known, erased blob.Known, days int, meant bool) blob.Swept {
	tb.Helper()
	did, err := s.Sweep(tb.Context(), known, erased, SweptOn.AddDate(0, 0, days), meant)
	require.NoError(tb, err)
	return did
}

func sweep(t *testing.T, p Place) {
	s := p.Open(t, nil)
	kept, stray := Put(t, s, []byte("kept")), Put(t, s, []byte("stray"))
	unfinished, err := s.NewBlob()
	require.NoError(t, err)
	_, err = unfinished.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	p.Write(t, "README", nil)
	p.Write(t, "zz/README", nil)

	s = p.Open(t, nil)
	did := swept(t, s, Among(kept), Among(), 0, false)
	require.Equal(t, [3]int{1, 0, 0}, [3]int{did.Strayed, did.Returned, did.Removed})
	require.Contains(t, did.To, "stray/2026-11-28")
	require.ElementsMatch(t, []string{Name(kept), "README", "zz/README", SweptTo + string(stray)}, p.Names(t),
		"what strayed is not deleted")
	_, err = s.Open(t.Context(), stray)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Equal(t, "stray", string(p.Read(t, SweptTo+string(stray))))
}

// Strays lie as long as audio is kept from the day on which they were set aside, however old their
// recordings are, but for those of which the database knows that they were erased.
func purge(t *testing.T, p Place) {
	s := p.Open(t, nil)
	stray, erased := Put(t, s, []byte("stray")), Put(t, s, []byte("erased"))
	_, err := s.Sweep(t.Context(), Among(), Among(), SweptOn.AddDate(1, 0, 0), false)
	require.NoError(t, err)
	aside := time.Date(2027, 11, 28, 0, 0, 0, 0, time.UTC)
	purged, err := s.PurgeStrays(t.Context(), Among(erased), aside.AddDate(0, 0, 1))
	require.NoError(t, err)
	require.Equal(t, 1, purged, "a whole day has not passed since")
	require.Equal(t, []string{"stray/2027-11-28/" + string(stray)}, p.Names(t))
	purged, err = s.PurgeStrays(t.Context(), Among(), aside.AddDate(0, 0, 1).Add(time.Second))
	require.NoError(t, err)
	require.Equal(t, 1, purged)
	require.Empty(t, p.Names(t))
}

// Once the right database is back, so is the audio that strayed from a wrong one.
func putsBack(t *testing.T, p Place) {
	s := p.Open(t, nil)
	id, other := Put(t, s, []byte("audio")), Put(t, s, []byte("other"))
	before := p.Names(t)
	require.Equal(t, 2, swept(t, s, Among(), Among(), 0, false).Strayed)
	did := swept(t, s, Among(id), Among(), 1, false)
	require.Equal(t, 1, did.Returned)
	require.Zero(t, did.Strayed)
	require.Equal(t, 1, swept(t, s, Among(id, other), Among(), 2, false).Returned)
	require.ElementsMatch(t, before, p.Names(t))
}

// No stray takes the place of another, and none that of a recording's audio.
func overwriteNothing(t *testing.T, p Place) {
	s := p.Open(t, nil)
	id := NewID()
	for _, text := range []string{"first", "second", "third"} {
		PutAs(t, s, id, []byte(text))
		if text != "third" {
			swept(t, s, Among(), Among(), 0, false)
		}
	}
	require.Zero(t, swept(t, s, Among(id), Among(), 0, false).Returned)
	stray := SweptTo + string(id)
	for name, want := range map[string]string{stray: "first", stray + ".2": "second", Name(id): "third"} {
		require.Equal(t, want, string(p.Read(t, name)), name)
	}
}

func withoutAnAnswer(t *testing.T, p Place) {
	s := p.Open(t, nil)
	Put(t, s, []byte("audio"))
	before := p.Names(t)
	boom := errors.New("boom")
	_, err := s.Sweep(t.Context(), func(context.Context, []recording.ID) (map[recording.ID]bool, error) {
		return nil, boom
	}, Among(), SweptOn, false)
	require.ErrorIs(t, err, boom)
	require.Equal(t, before, p.Names(t))
}

// Files that come back for what was erased are removed, also among strays that would be put back, unless
// the database may be the wrong one; and however many there are, they say nothing of the database.
func removesErased(t *testing.T, p Place) {
	s := p.Open(t, nil)
	kept, erased, strayed := Put(t, s, []byte("kept")), Put(t, s, []byte("erased")), Put(t, s, []byte("strayed"))
	many := []recording.ID{erased, strayed}
	swept(t, s, Among(kept, erased), Among(), 0, false)
	for range 70 {
		many = append(many, Put(t, s, []byte("erased")))
	}
	known := Among(append(many, kept)...)
	did := swept(t, s, known, Among(many...), 0, true)
	require.Equal(t, [3]int{}, [3]int{did.Removed, did.Strayed, did.Returned})
	did = swept(t, s, known, Among(many...), 0, false)
	require.Equal(t, [3]int{71, 0, 0}, [3]int{did.Removed, did.Strayed, did.Returned})
	require.ElementsMatch(t, []string{Name(kept), SweptTo + string(strayed)}, p.Names(t))
	purged, err := s.PurgeStrays(t.Context(), Among(many...), SweptOn)
	require.NoError(t, err)
	require.Equal(t, 1, purged)
}

// A server that is started on an empty database must not put a year of audio aside, unless
// that is meant.
func doubts(t *testing.T, p Place) {
	s := p.Open(t, nil)
	var ids []recording.ID
	for range 66 {
		ids = append(ids, Put(t, s, nil))
	}
	before := p.Names(t)
	_, err := s.Sweep(t.Context(), Among(ids[0]), Among(), SweptOn, false)
	require.ErrorContains(t, err, "65 of the 66 files")
	require.Equal(t, before, p.Names(t))
	require.Equal(t, 33, swept(t, s, Among(ids[:33]...), Among(), 0, false).Strayed)
	require.Equal(t, 33, swept(t, s, Among(ids...), Among(), 0, false).Returned)
	require.Equal(t, 66, swept(t, s, Among(), Among(), 0, true).Strayed)
	require.Len(t, p.Names(t), 66)
}

// What is to go goes with its strays, and with nobody else's.
func removeAll(t *testing.T, p Place) {
	s := p.Open(t, nil)
	var ids []string
	for range 5 {
		ids = append(ids, string(Put(t, s, []byte("audio"))))
	}
	kept := Put(t, s, []byte("kept"))
	swept(t, s, Among(kept, recording.ID(ids[0])), Among(), 0, false)
	PutAs(t, s, recording.ID(ids[1]), []byte("again"))
	require.NoError(t, s.RemoveAll(t.Context(), append(ids[:4:4], string(NewID()))))
	require.ElementsMatch(t, []string{Name(kept), SweptTo + ids[4]}, p.Names(t))
	require.NoError(t, s.RemoveAll(t.Context(), ids), "again")
	require.NoError(t, s.RemoveAll(t.Context(), nil))
	require.Equal(t, []string{Name(kept)}, p.Names(t))
}
