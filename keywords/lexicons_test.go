package keywords

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/request"
)

// shelf is a LexiconStore in memory.
type shelf struct {
	mu   sync.Mutex
	list []Activation
	by   map[string]int // request -> index
	err  error
}

func (s *shelf) AddLexicon(
	_ context.Context, a Activation, req request.Request,
) (Activation, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, again := s.by[req.ID]; again && req.ID != "" {
		return s.list[at], true, nil
	}
	if s.err != nil {
		return a, false, s.err
	}
	a.ID = strconv.Itoa(len(s.list))
	s.by[req.ID] = len(s.list)
	s.list = append(s.list, a)
	return a, false, nil
}

func (s *shelf) LatestLexicon(_ context.Context, version string) (Activation, error) {
	for _, a := range slices.Backward(s.list) {
		if version == "" || a.Version == version {
			return a, nil
		}
	}
	return Activation{}, cmp.Or(s.err, error(&fault.Error{Kind: fault.NotFound, Message: "none"}))
}

func (s *shelf) LexiconsBefore(
	_ context.Context, before Activation, limit int,
) ([]Activation, error) {
	var list []Activation
	for _, a := range slices.Backward(s.list) {
		if (before.ID == "" || a.At.Before(before.At)) && len(list) < limit {
			list = append(list, a)
		}
	}
	return list, nil
}

// moved is a lexicon of one class whose version says which.
func moved(t *testing.T, version string) *lexicon.Lexicon {
	t.Helper()
	lex, err := lexicon.Parse([]byte("version: " + version +
		"\nclasses:\n- {id: moved, label: 搬走, freeze: 7d, phrases: [搬走了]}\n"))
	require.NoError(t, err)
	return lex
}

func TestLexicons(t *testing.T) {
	t.Parallel()
	ctx, store, clock := t.Context(), &shelf{by: map[string]int{}}, time.Unix(0, 0)
	now := func() time.Time { clock = clock.Add(time.Second); return clock }
	open := func(fixed *lexicon.Lexicon) *Lexicons {
		l, err := OpenLexicons(ctx, store, LexiconsOptions{Fixed: fixed, Now: now})
		require.NoError(t, err)
		return l
	}
	l := open(nil)
	require.Equal(t, lexicon.Default().ID(), l.Active().Lexicon().ID())
	first, err := l.Activate(ctx, moved(t, "v1"), "mei", request.Request{ID: "r1"})
	require.NoError(t, err)
	require.Equal(t, "mei", first.Actor)
	period, known := l.Period("moved")
	require.True(t, known)
	require.Equal(t, 7*24*time.Hour, period)
	_, known = l.Period("no_need")
	require.False(t, known)
	_, err = l.Activate(ctx, moved(t, "v2"), "mei", request.Request{ID: "r2"})
	require.NoError(t, err)
	again, err := l.Activate(ctx, moved(t, "v1"), "mei", request.Request{ID: "r1"})
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Equal(t, moved(t, "v2").ID(), l.Active().Lexicon().ID(),
		"a repeated request changes nothing")
	require.Equal(t, moved(t, "v2").ID(), open(nil).Active().Lexicon().ID(),
		"after a restart the last one judges")

	for version, want := range map[string]string{
		"": moved(t, "v2").ID(), "default": lexicon.Default().ID(),
		lexicon.Default().ID(): lexicon.Default().ID(), first.Version: first.Version,
	} {
		lex, _, err := l.Version(ctx, version)
		require.NoError(t, err)
		require.Equal(t, want, lex.ID())
	}
	_, _, err = l.Version(ctx, "v9+00000000")
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	list, err := l.Before(ctx, Activation{}, 1)
	require.NoError(t, err)
	require.Len(t, list, 1)
	list, err = l.Before(ctx, list[0], 9)
	require.NoError(t, err)
	require.Equal(t, []Activation{first}, list)

	fixed := open(moved(t, "v3"))
	require.Equal(t, moved(t, "v3").ID(), fixed.Active().Lexicon().ID())
	_, err = fixed.Activate(ctx, moved(t, "v1"), "mei", request.Request{})
	require.Equal(t, fault.Precondition, fault.KindOf(err))
}

func TestLexiconsFail(t *testing.T) {
	t.Parallel()
	broken := &shelf{by: map[string]int{}, err: errors.New("no disk")}
	_, err := OpenLexicons(t.Context(), broken, LexiconsOptions{})
	require.ErrorIs(t, err, broken.err)
	store := &shelf{by: map[string]int{}}
	l, err := OpenLexicons(t.Context(), store, LexiconsOptions{})
	require.NoError(t, err)
	store.err = broken.err
	_, err = l.Activate(t.Context(), moved(t, "v1"), "mei", request.Request{})
	require.ErrorIs(t, err, broken.err)
	require.Equal(t, lexicon.Default().ID(), l.Active().Lexicon().ID(),
		"what isn't remembered isn't in force")
	store.err = nil
	store.list = []Activation{{Version: "v1+0", Source: "nonsense"}}
	_, err = OpenLexicons(t.Context(), store, LexiconsOptions{})
	require.ErrorContains(t, err, "no longer valid")
}
