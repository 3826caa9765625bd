package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
)

func TestError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  fault.Error
		want string
	}{
		{"message alone", fault.Error{Message: "no"}, "no"},
		{"everything", fault.Error{Op: "review.Decide", Subject: "suspects/1", Message: "no",
			Fields: []fault.Field{{"class", "is odd"}, {"note", "is long"}}, Err: io.EOF},
			"review.Decide: suspects/1: no; class: is odd; note: is long: EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, tt.err.Error())
		})
	}
}

func TestKindAndReason(t *testing.T) {
	t.Parallel()
	inner := &fault.Error{Kind: fault.NotFound, Reason: "NOT_FOUND", Err: io.EOF}
	for _, tt := range []struct {
		name   string
		err    error
		kind   fault.Kind
		reason string
	}{
		{"none", nil, fault.Internal, ""},
		{"another's", io.EOF, fault.Internal, ""},
		{"plain", inner, fault.NotFound, "NOT_FOUND"},
		{"wrapped", fmt.Errorf("read: %w", inner), fault.NotFound, "NOT_FOUND"},
		{"joined", errors.Join(io.EOF, inner), fault.NotFound, "NOT_FOUND"},
		{"the outermost counts", &fault.Error{Kind: fault.Invalid, Reason: "BAD", Err: inner},
			fault.Invalid, "BAD"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.kind, fault.KindOf(tt.err))
			require.Equal(t, tt.reason, fault.ReasonOf(tt.err))
		})
	}
	require.ErrorIs(t, inner, io.EOF)
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		require.NotContains(t, k.String(), "kind ")
		require.False(t, seen[k.String()])
		seen[k.String()] = true
	}
	require.Equal(t, "kind 99", fault.Kind(99).String())
	require.Equal(t, "kind -1", fault.Kind(-1).String())
}

func TestFields(t *testing.T) {
	t.Parallel()
	var f fault.Fields
	require.NoError(t, f.Err("op"))
	f.Add("part", "has %d bytes", 70)
	f.Add("agent", "is odd")
	err := f.Err("recording.Upload")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
	require.Equal(t, "INVALID_REQUEST", fault.ReasonOf(err))
	require.EqualError(t, err, "recording.Upload: the request is not valid; part: has 70 bytes; "+
		"agent: is odd")
}
