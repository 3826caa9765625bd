package feed_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/feed"
)

// noting is a follower that notes the numbers of changes.
func noting(to *[]int64) feed.Follower {
	return func(changes []feed.Change) error {
		for _, c := range changes {
			*to = append(*to, c.Seq)
		}
		return nil
	}
}

func TestFollowersHearInOrder(t *testing.T) {
	t.Parallel()
	var f feed.Feed
	var early, late []int64
	f.Follow(noting(&early))
	require.NoError(t, f.Tell([]feed.Change{{Seq: 1}, {Seq: 2}}))
	f.Follow(noting(&late))
	require.NoError(t, f.Tell(nil))
	require.NoError(t, f.Tell([]feed.Change{{Seq: 3}}))
	require.Equal(t, []int64{1, 2, 3}, early)
	require.Equal(t, []int64{3}, late)
}

func TestOneThatFailsKeepsNobodyFromKnowing(t *testing.T) {
	t.Parallel()
	var f feed.Feed
	var heard []int64
	broken := errors.New("can't keep up")
	f.Follow(func([]feed.Change) error { return broken })
	f.Follow(noting(&heard))
	require.ErrorIs(t, f.Tell([]feed.Change{{Seq: 1}}), broken)
	require.Equal(t, []int64{1}, heard)
}
