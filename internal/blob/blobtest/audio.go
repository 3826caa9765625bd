package blobtest

import (
	"context"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/recording"
)

// noise is so many bytes that nothing makes shorter.
func noise(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	return data
}

func commit(t *testing.T, p Place) {
	s := p.Open(t, nil)
	data := noise(700 << 10)
	b, err := s.NewBlob()
	require.NoError(t, err)
	for part := data; len(part) > 0; {
		n := min(len(part), 1<<uint(rand.IntN(18))) // any sizes
		_, err := b.Write(part[:n])
		require.NoError(t, err)
		part = part[n:]
	}
	r, err := b.Reread()
	require.NoError(t, err)
	again, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	require.Equal(t, data, again, "what arrived is read before it is kept")
	id := NewID()
	_, err = s.Open(t.Context(), id)
	require.ErrorIs(t, err, fs.ErrNotExist, "nobody sees it before it is committed")
	require.False(t, has(t, s, id))
	require.Empty(t, p.Names(t))
	require.NoError(t, b.Commit(t.Context(), id))
	b.Discard()
	require.Equal(t, []string{Name(id)}, p.Names(t))
	require.True(t, has(t, s, id))
	require.Equal(t, data, Get(t, s, id))
	require.Equal(t, data, p.Read(t, Name(id)), "as it came")
	require.Equal(t, data, Get(t, p.Open(t, nil), id), "after a restart")

	require.NoError(t, s.Remove(t.Context(), id))
	require.NoError(t, s.Remove(t.Context(), id), "twice does nothing")
	require.False(t, has(t, s, id))
	require.Empty(t, p.Names(t))
	empty := Put(t, s, nil)
	require.Empty(t, Get(t, s, empty))
}

// At every moment the former or the later is there, and who reads the one doesn't get some of the other.
func replace(t *testing.T, p Place) {
	s := p.Open(t, nil)
	id := NewID()
	first, second := noise(3<<20), append(noise(3<<20), "further"...)
	second[0]++
	PutAs(t, s, id, first)
	r, err := s.Open(t.Context(), id)
	require.NoError(t, err)
	head := make([]byte, 100)
	_, err = io.ReadFull(r, head)
	require.NoError(t, err)
	PutAs(t, s, id, second)
	require.Equal(t, second, Get(t, s, id))
	rest, err := io.ReadAll(r)
	if err == nil {
		require.Equal(t, first, slices.Concat(head, rest))
	} else {
		require.True(t, recording.StoreAway(err), "%v", err)
	}
	require.NoError(t, r.Close())
	require.Equal(t, []string{Name(id)}, p.Names(t))
}

func discard(t *testing.T, p Place) {
	s := p.Open(t, nil)
	b, err := s.NewBlob()
	require.NoError(t, err)
	_, err = b.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	b.Discard()
	b.Discard()
	require.Empty(t, p.Names(t))
	require.Error(t, b.Commit(t.Context(), NewID()), "it is gone")
	require.Empty(t, p.Names(t))
}

func missing(t *testing.T, p Place) {
	id := NewID()
	_, err := p.Open(t, nil).Open(t.Context(), id)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "recordings/"+string(id))
	require.ErrorContains(t, err, "restore it from a backup")
}

// No id leads out of the store.
func strangeIDs(t *testing.T, p Place) {
	s := p.Open(t, nil)
	for _, id := range []recording.ID{"", "x", "../../../../../../etc/passwd",
		"01J0000000000000000000/../", "01j000000000000000000000!!"} {
		_, err := s.Open(t.Context(), id)
		require.ErrorContains(t, err, "no recording's id")
		_, err = s.Has(t.Context(), id)
		require.Error(t, err)
		require.Error(t, s.Remove(t.Context(), id))
		require.Error(t, s.RemoveAll(t.Context(), []string{string(id)}))
		b, err := s.NewBlob()
		require.NoError(t, err)
		require.Error(t, b.Commit(t.Context(), id))
		b.Discard()
	}
	require.Empty(t, p.Names(t))
}

func manyAtOnce(t *testing.T, p Place) {
	s := p.Open(t, nil)
	const n = 40
	ids := make([]recording.ID, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			b, err := s.NewBlob()
			if err != nil {
				return
			}
			defer b.Discard()
			_, _ = b.Write([]byte{byte(i)})
			id := NewID()
			if b.Commit(t.Context(), id) == nil {
				ids[i] = id
			}
		})
	}
	wg.Wait()
	require.Len(t, p.Names(t), n)
	for i, id := range ids {
		require.Equal(t, []byte{byte(i)}, Get(t, s, id))
	}
}

// Audio is read from any place.
func seek(t *testing.T, p Place) {
	s := p.Open(t, nil)
	data := noise(5<<20 + 17)
	id := Put(t, s, data)
	r, err := s.Open(t.Context(), id)
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	sk, ok := r.(io.ReadSeeker)
	require.True(t, ok)
	size := int64(len(data))
	for _, from := range []int64{0, size - 5, 10, 4 << 20, 100_000, size, 0} {
		_, err := sk.Seek(from, io.SeekStart)
		require.NoError(t, err)
		piece, err := io.ReadAll(io.LimitReader(sk, 300_000))
		require.NoError(t, err)
		require.Equal(t, data[from:min(size, from+300_000)], append([]byte{}, piece...), "from %d", from)
	}
	end, err := sk.Seek(0, io.SeekEnd)
	require.NoError(t, err)
	require.Equal(t, size, end)
}

// What was ended does nothing, and leaves at most a stray.
func ended(t *testing.T, p Place) {
	s := p.Open(t, nil)
	kept := Put(t, s, noise(1<<20))
	b, err := s.NewBlob()
	require.NoError(t, err)
	_, err = b.Write(noise(1 << 20))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	id := NewID()
	if err := b.Commit(ctx, id); err == nil {
		require.True(t, has(t, s, id))
		require.NoError(t, s.Remove(t.Context(), id))
	}
	b.Discard()
	require.Equal(t, []string{Name(kept)}, p.Names(t))
}
