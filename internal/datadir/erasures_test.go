package datadir

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/retention"
)

// A person that was erased several times is one.
func TestMergeErasures(t *testing.T) {
	t.Parallel()
	from, to := Erasures{Dir: t.TempDir()}, Erasures{Dir: t.TempDir()}
	require.NoError(t, to.Append(retention.Erasure{ID: "1", Name: "aa"}))
	for _, e := range []retention.Erasure{{ID: "1", Name: "aa"}, {ID: "2", Name: "bb"}, {ID: "3", Name: "bb"},
		{ID: "4", Name: "cc"}} {
		require.NoError(t, from.Append(e))
	}
	erasures, err := ReadErasures(filepath.Join(from.Dir, ErasuresFile), nil)
	require.NoError(t, err)
	people, err := MergeErasures(to.Dir, erasures)
	require.NoError(t, err)
	require.Equal(t, 2, people)
	all, err := to.Erasures()
	require.NoError(t, err)
	require.Len(t, all, 4)
}
