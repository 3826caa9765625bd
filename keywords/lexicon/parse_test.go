package lexicon

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefault(t *testing.T) {
	t.Parallel()
	lex, err := Parse(defaultSource)
	require.NoError(t, err)
	require.Same(t, Default(), Default())
	require.Equal(t, Default().ID(), lex.ID())
	require.Regexp(t, `^zh-2026\.1\+[0-9a-f]{8}$`, lex.ID())

	periods := map[string]time.Duration{}
	for _, class := range lex.Classes {
		periods[class.ID] = class.Period
		require.GreaterOrEqual(t, len(class.Phrases), 50, class.ID)
	}
	const day = 24 * time.Hour
	require.Equal(t, map[string]time.Duration{
		"not_interested": 60 * day, "dont_want_to_listen": 60 * day, "no_need": 60 * day,
		"stop_calling": 0, "complaint": 0, "wrong_number": 180 * day,
	}, periods)

	class, ok := lex.Class("no_need")
	require.True(t, ok)
	require.Equal(t, "不需要", class.Label)
	_, ok = lex.Class("nonesuch")
	require.False(t, ok)
}
