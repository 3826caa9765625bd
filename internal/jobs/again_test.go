package jobs

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

// A recording is heard again as it would be heard now, and stays as it is.
func TestAgain(t *testing.T) {
	t.Parallel()
	j, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	b := newBench(t, says("好的"))
	r := b.upload(t, 1)
	b.wakes(t, r.ID, 0)
	done := b.read(t, r.ID)
	b.Runner.worker.engine = engine(func(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
		require.False(t, b.Busy(), "no attempt is made at it")
		return says("我没兴趣，别再打了")(ctx, w)
	})
	heard, v, err := b.Again(t.Context(), done, j)
	require.NoError(t, err)
	require.True(t, v.Suspect)
	require.Equal(t, asr.Customer, heard[0].Side)
	require.Contains(t, heard[0].Text(), "没兴趣")
	require.Equal(t, done, b.read(t, r.ID))
	kept, err := b.db.Transcripts.Get(t.Context(), r.ID, asr.Customer)
	require.NoError(t, err)
	require.NotContains(t, kept.Text(), "没兴趣", "nothing of it is kept")
}

// Where the speech process dies the recording is heard once more, alone.
func TestAgainAlone(t *testing.T) {
	t.Parallel()
	j, err := keywords.New(lexicon.Default(), keywords.Options{})
	require.NoError(t, err)
	var alone []bool
	b := newBench(t, engine(func(_ context.Context, w asr.Window) ([]asr.Phrase, error) {
		alone = append(alone, w.Alone)
		return nil, fmt.Errorf("it did: %w", asr.ErrDied)
	}))
	_, _, err = b.Again(t.Context(), b.upload(t, 1), j)
	require.ErrorIs(t, err, asr.ErrDied)
	require.Equal(t, []bool{false, true}, alone)
}

func TestBusy(t *testing.T) {
	t.Parallel()
	var b *bench
	var busy bool
	b = newBench(t, engine(func(ctx context.Context, w asr.Window) ([]asr.Phrase, error) {
		busy = b.Busy()
		return says("好的")(ctx, w)
	}))
	b.worker = b.Runner.worker
	require.False(t, b.Busy())
	b.wakes(t, b.upload(t, 1).ID, 0)
	require.True(t, busy)
	require.False(t, b.Busy())
}
