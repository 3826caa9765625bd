package audit_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/audit"
)

var keys = audit.NewKeys("one", []byte("a key of the tests"))

// chain is a record of n entries.
func chain(n int) (all []audit.Entry) {
	var seq int64
	var head audit.MAC
	for i := range n {
		e := keys.Seal(seq, head, audit.Entry{At: time.Unix(int64(i), 0), Actor: "li", From: "10.0.0.1",
			Action: audit.KeyAdd, Subject: "keys/pbx", Reason: "why", Details: map[string]string{"role": "dialler"}})
		all, seq, head = append(all, e), e.Seq, e.MAC
	}
	return all
}

func verify(v audit.Verifier, all []audit.Entry) audit.Verification {
	for _, e := range all {
		v.Next(e)
	}
	return v.End()
}

func TestEveryChangeIsFound(t *testing.T) {
	t.Parallel()
	sound := verify(audit.Verifier{Keys: []audit.Keys{keys}}, chain(5))
	require.Equal(t, audit.Verification{Entries: 5, First: 1, Head: chain(5)[4].MAC}, sound)
	for name, change := range map[string]func(*audit.Entry){
		"at":      func(e *audit.Entry) { e.At = e.At.Add(time.Microsecond) },
		"actor":   func(e *audit.Entry) { e.Actor = "wang" },
		"from":    func(e *audit.Entry) { e.From = "" },
		"action":  func(e *audit.Entry) { e.Action = audit.KeyRevoke },
		"subject": func(e *audit.Entry) { e.Subject = "keys/pb" },
		"reason":  func(e *audit.Entry) { e.Reason = "" },
		"details": func(e *audit.Entry) { e.Details["role"] = "admin" },
		"more":    func(e *audit.Entry) { e.Details["lines"] = "a" },
		"seq":     func(e *audit.Entry) { e.Seq++ },
		"prev":    func(e *audit.Entry) { e.Prev[0]++ },
		"mac":     func(e *audit.Entry) { e.MAC[0]++ },
	} {
		all := chain(5)
		change(&all[2])
		require.NotEmpty(t, verify(audit.Verifier{Keys: []audit.Keys{keys}}, all).Problems, name)
	}
	all := chain(5)
	require.NotEmpty(t, verify(audit.Verifier{Keys: []audit.Keys{keys}}, append(all[:2:2], all[3:]...)).Problems)
	require.NotEmpty(t, verify(audit.Verifier{Keys: []audit.Keys{keys}}, all[1:]).Problems, "the beginning")
	require.Empty(t, verify(audit.Verifier{Keys: []audit.Keys{keys}}, all[:4]).Problems, "a younger record")
	require.NotEmpty(t, verify(audit.Verifier{Keys: []audit.Keys{keys}, Want: all[4].MAC}, all[:4]).Problems)
}

// What is old may go from the front, where the key's owner says so.
func TestTheBeginningMayGo(t *testing.T) {
	t.Parallel()
	all := chain(5)
	begin := func(proof audit.MAC) audit.Verification {
		v := audit.Verifier{Keys: []audit.Keys{keys}}
		v.Begin(2, all[1].MAC, proof)
		return verify(v, all[2:])
	}
	require.Equal(t, audit.Verification{Entries: 3, First: 3, Head: all[4].MAC},
		begin(keys.Anchor(2, all[1].MAC)))
	require.NotEmpty(t, begin(keys.Anchor(3, all[1].MAC)).Problems)
	other := verify(audit.Verifier{Keys: []audit.Keys{audit.NewKeys("two", []byte("x"))}}, all)
	require.Equal(t, int64(5), other.Unproven)
	require.Empty(t, other.Problems)
}

// A key from before proves what it sealed, and nothing that follows what a newer one sealed.
func TestGenerationsOfTheKey(t *testing.T) {
	t.Parallel()
	newer := audit.NewKeys("two", []byte("the next key of the tests"))
	all := chain(2)
	next := func(k audit.Keys, all []audit.Entry) []audit.Entry {
		last := all[len(all)-1]
		return append(slices.Clip(all), k.Seal(last.Seq, last.MAC, audit.Entry{Actor: "li", Action: audit.Delete}))
	}
	rotated := next(newer, all)
	v := audit.Verifier{Keys: []audit.Keys{newer, keys}}
	require.Equal(t, audit.Verification{Entries: 3, First: 1, Head: rotated[2].MAC}, verify(v, rotated))
	require.Len(t, verify(v, all).Problems, 1, "cut off to where the former key was in force")
	forged := verify(v, next(keys, rotated))
	require.Contains(t, forged.Problems[0], "entry 4 was sealed with an older key")
	rotated[1].Actor = "wang"
	require.Equal(t, []string{"entry 2 was changed"}, verify(v, rotated).Problems)
	rotated[1].Actor = "li"
	unproven := verify(audit.Verifier{Keys: []audit.Keys{newer}}, rotated)
	require.EqualValues(t, 2, unproven.Unproven)
	require.Empty(t, unproven.Problems)
	v.Begin(2, all[1].MAC, keys.Anchor(2, all[1].MAC))
	require.Empty(t, verify(v, rotated[2:]).Problems, "cut off in order, under the former key")
}
