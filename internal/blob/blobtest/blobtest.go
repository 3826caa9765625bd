package blobtest

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/recording"
)

// Place is where a store lies.
type Place interface {
	// Open opens the store, as a start does, with a cipher where that is not nil.
	Open(tb testing.TB, c *blob.Cipher) blob.Store
	// Names are those of all that lies there and was committed or set aside, with slashes.
	Names(tb testing.TB) []string
	// Read and Write are what a name has, as it lies there.
	Read(tb testing.TB, name string) []byte
	Write(tb testing.TB, name string, contents []byte)
}

// Run tests stores; each test has a place of its own, in which nothing lies.
func Run(t *testing.T, place func(tb testing.TB) Place) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Place){
		"commit": commit, "replace": replace, "discard": discard, "missing": missing, "strange ids": strangeIDs,
		"many at once": manyAtOnce, "seek": seek, "ended": ended,
		"sweep": sweep, "purge strays by their day": purge, "sweep puts back": putsBack,
		"strays overwrite nothing": overwriteNothing, "sweep without an answer": withoutAnAnswer,
		"sweep removes erased": removesErased, "sweep doubts the database": doubts, "remove all": removeAll,
		"reference": reference, "reference and file": referenceAndFile, "outside of archives": outside,
		"archive is gone": archiveIsGone, "cipher": cipher, "damaged": damaged,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, place(t))
		})
	}
}

// NewID is an id of a recording of now.
func NewID() recording.ID { return recording.ID(ulid.Make().String()) }

// Put keeps a blob, and gives its id.
func Put(tb testing.TB, s blob.Store, data []byte) recording.ID {
	tb.Helper()
	id := NewID()
	PutAs(tb, s, id, data)
	return id
}

// PutAs keeps a blob under an id.
func PutAs(tb testing.TB, s blob.Store, id recording.ID, data []byte) {
	tb.Helper()
	b, err := s.NewBlob()
	require.NoError(tb, err)
	defer b.Discard()
	_, err = b.Write(data)
	require.NoError(tb, err)
	require.NoError(tb, b.Commit(tb.Context(), id))
}

// Get is a blob's audio.
func Get(tb testing.TB, s blob.Store, id recording.ID) []byte {
	tb.Helper()
	text, err := get(tb.Context(), s, id)
	require.NoError(tb, err)
	return text
}

func get(ctx context.Context, s blob.Store, id recording.ID) ([]byte, error) {
	r, err := s.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	return io.ReadAll(r)
}

// has tells whether the store has a blob.
func has(tb testing.TB, s blob.Store, id recording.ID) bool {
	tb.Helper()
	is, err := s.Has(tb.Context(), id)
	require.NoError(tb, err)
	return is
}

// Name is where a blob lies.
func Name(id recording.ID) string { return string(id[24:]) + "/" + string(id) }

// Among makes a Known of ids.
func Among(ids ...recording.ID) blob.Known {
	return func(_ context.Context, asked []recording.ID) (map[recording.ID]bool, error) {
		known := map[recording.ID]bool{}
		for _, id := range ids {
			known[id] = true
		}
		out := map[recording.ID]bool{}
		for _, id := range asked {
			out[id] = known[id]
		}
		return out, nil
	}
}

// SweptOn is when tests sweep, and SweptTo where strays of then lie.
var SweptOn = time.Date(2026, 11, 28, 23, 0, 0, 0, time.FixedZone("CST", 8*3600))

// SweptTo is where strays of SweptOn lie.
const SweptTo = "stray/2026-11-28/"
