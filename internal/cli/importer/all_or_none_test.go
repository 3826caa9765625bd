package importer

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/client"
)

// What a server finds wrong is left out, also where it finds one thing after the other,
// and the rest is taken.
func TestAllOrNone(t *testing.T) {
	t.Parallel()
	wrong := func(field, problem string) client.Violation {
		return client.Violation{Field: field, Problem: problem}
	}
	refuse := func(fields ...client.Violation) error {
		return &client.Error{Message: "wrong", Fields: fields}
	}
	for _, tt := range []struct {
		name    string
		answers []error
		why     []string
		sent    [][]int
		problem string
	}{
		{"all good", []error{nil}, []string{"", "", "", ""}, [][]int{{0, 1, 2, 3}}, ""},
		{"two steps", []error{
			refuse(wrong("x[1].a", "is bad"), wrong("x[1].b", "is worse")),
			refuse(wrong("x[1].c", "is late")),
			nil,
		}, []string{"", "a is bad; b is worse", "c is late", ""},
			[][]int{{0, 1, 2, 3}, {0, 2, 3}, {0, 3}}, ""},
		{"none good", []error{
			refuse(wrong("x[0].a", "is bad"), wrong("x[1].a", "is bad"),
				wrong("x[2].a", "is bad"), wrong("x[3].a", "is bad")),
		}, []string{"a is bad", "a is bad", "a is bad", "a is bad"}, [][]int{{0, 1, 2, 3}}, ""},
		{"the last alone", []error{
			refuse(wrong("x[0].a", "is bad"), wrong("x[1].a", "is bad"), wrong("x[2].a", "is bad")),
			refuse(wrong("a", "is bad")),
		}, []string{"a is bad", "a is bad", "a is bad", "a is bad"},
			[][]int{{0, 1, 2, 3}, {3}}, ""},
		{"something else", []error{errors.New("gone")}, nil, [][]int{{0, 1, 2, 3}}, "gone"},
		{"no item", []error{refuse(wrong("x", "has too many"))}, nil,
			[][]int{{0, 1, 2, 3}}, "wrong"},
		{"an item there is not", []error{refuse(wrong("x[4].a", "is bad"))}, nil,
			[][]int{{0, 1, 2, 3}}, "wrong"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var sent [][]int
			send := AllOrNone("x", func(_ context.Context, batch []int) error {
				sent = append(sent, slices.Clone(batch))
				return tt.answers[len(sent)-1]
			})
			why, err := send(t.Context(), []int{0, 1, 2, 3})
			require.Equal(t, tt.sent, sent)
			if tt.problem != "" {
				require.EqualError(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.why, why)
		})
	}
}
