package freeze

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/seal"
)

func newKeys(t *testing.T, secret byte) Keys {
	t.Helper()
	k, err := NewKeys(bytes.Repeat([]byte{secret}, SecretSize))
	require.NoError(t, err)
	return k
}

func parse(t *testing.T, s string) number.Number {
	t.Helper()
	n, err := number.Parse(s, "")
	require.NoError(t, err)
	return n
}

// chain is a ledger of n entries.
func chain(t *testing.T, k Keys, n int) []Entry {
	t.Helper()
	var out []Entry
	var prev MAC
	for i := range n {
		num := parse(t, "13800138000")
		p := NewPersonal(num, "li", "", Evidence{CallID: "call-1"})
		e := k.Seal(int64(i), prev, Entry{Kind: Opened, FreezeID: ID(rune('a' + i)),
			At: noon.Add(time.Duration(i)), Reason: Refused,
			Class: "not_interested", Until: noon.Add(time.Hour), NumberMAC: k.NumberMAC(num),
			Commitment: p.Commitment()})
		out, prev = append(out, e), e.MAC
	}
	return out
}

// check gives the first finding and the number of entries that passed before it.
func check(k Keys, entries []Entry) (int64, error) {
	v := Verifier{Keys: k}
	for _, e := range entries {
		if err := v.Next(e); err != nil {
			seq, _ := v.Head()
			return seq, err
		}
	}
	seq, _ := v.Head()
	return seq, nil
}

func TestVerifier(t *testing.T) {
	t.Parallel()
	k := newKeys(t, 1)
	entries := chain(t, k, 5)
	seq, err := check(k, entries)
	require.NoError(t, err)
	require.EqualValues(t, 5, seq)
	v := Verifier{Keys: k}
	require.NoError(t, v.Next(entries[0]))
	_, head := v.Head()
	require.Equal(t, entries[0].MAC, head)
	require.Len(t, head.String(), 64)
}

func TestVerifierFinds(t *testing.T) {
	t.Parallel()
	k := newKeys(t, 1)
	edit := func(f func(*Entry)) func([]Entry) []Entry {
		return func(e []Entry) []Entry { f(&e[2]); return e }
	}
	for name, tamper := range map[string]func([]Entry) []Entry{
		"another number":   edit(func(e *Entry) { e.NumberMAC[0] ^= 1 }),
		"another freeze":   edit(func(e *Entry) { e.FreezeID = "x" }),
		"another kind":     edit(func(e *Entry) { e.Kind = Released }),
		"another class":    edit(func(e *Entry) { e.Class = "complaint" }),
		"another reason":   edit(func(e *Entry) { e.Reason = "x" }),
		"another end":      edit(func(e *Entry) { e.Until = e.Until.Add(-time.Minute) }),
		"no end":           edit(func(e *Entry) { e.Until = time.Time{} }),
		"another time":     edit(func(e *Entry) { e.At = e.At.Add(time.Microsecond) }),
		"a line":           edit(func(e *Entry) { e.Line = "sales" }),
		"a rule":           edit(func(e *Entry) { e.Rule = "short" }),
		"a rule's version": edit(func(e *Entry) { e.RuleVersion = "default@01234567" }),
		"another person":   edit(func(e *Entry) { e.Commitment[31] ^= 1 }),
		"another MAC":      edit(func(e *Entry) { e.MAC[0] ^= 1 }),
		"another chain":    edit(func(e *Entry) { e.Prev[0] ^= 1 }),
		"text moved over": edit(func(e *Entry) {
			e.Reason, e.Class = Reason(string(e.Reason)+e.Class[:1]), e.Class[1:]
		}),
		"a gap":        func(e []Entry) []Entry { return append(e[:2], e[3:]...) },
		"a repetition": func(e []Entry) []Entry { return append(e[:2], e[1:]...) },
		"an exchange":  func(e []Entry) []Entry { e[2], e[3] = e[3], e[2]; return e },
		"a gap, renumbered": func(e []Entry) []Entry {
			e[3].Seq--
			return append(e[:2], e[3:]...)
		},
		"recomputed, no key": func(e []Entry) []Entry {
			return append(e[:2], reseal(Keys{}, e[2:])...)
		},
		"recomputed, other key": func(e []Entry) []Entry {
			other, err := NewKeys(bytes.Repeat([]byte{2}, SecretSize))
			require.NoError(t, err)
			return append(e[:2], reseal(other, e[2:])...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seq, err := check(k, tamper(chain(t, k, 5)))
			require.ErrorIs(t, err, ErrTampered)
			require.EqualValues(t, 2, seq, "what comes before is sound")
		})
	}
	_, err := check(newKeys(t, 2), chain(t, k, 1))
	require.ErrorIs(t, err, ErrTampered, "and under another key nothing is")
}

// reseal is what a forger does who drops an entry and recomputes all that follow.
func reseal(k Keys, entries []Entry) []Entry {
	seq, prev := entries[0].Seq-1, entries[0].Prev
	var out []Entry
	for _, e := range entries[1:] {
		e = k.Seal(seq, prev, e)
		out, seq, prev = append(out, e), e.Seq, e.MAC
	}
	return out
}

// A cut tail is found by whoever noted a head.
func TestVerifierFindsCutTail(t *testing.T) {
	t.Parallel()
	k := newKeys(t, 1)
	entries := chain(t, k, 5)
	for _, tt := range []struct {
		name string
		left int
		want MAC
		ok   bool
	}{
		{"whole, the head noted", 5, entries[4].MAC, true},
		{"whole, an earlier head noted", 5, entries[1].MAC, true},
		{"cut, the head noted", 3, entries[4].MAC, false},
		{"cut, an earlier head noted", 3, entries[2].MAC, true},
		{"cut, nothing noted", 3, MAC{}, true},
		{"nothing left", 0, entries[4].MAC, false},
		{"nothing there", 0, MAC{}, true},
	} {
		v := Verifier{Keys: k, Want: tt.want}
		for _, e := range entries[:tt.left] {
			require.NoError(t, v.Next(e), tt.name)
		}
		if tt.ok {
			require.NoError(t, v.End(), tt.name)
			continue
		}
		require.ErrorIs(t, v.End(), ErrTampered, tt.name)
		require.ErrorContains(t, v.End(), tt.want.String(), tt.name)
	}
}

// What was sealed before lines, rules and causes came into the ledger stays valid, bit
// by bit.
func TestEntriesOfOldStayValid(t *testing.T) {
	t.Parallel()
	k, n := newKeys(t, 7), parse(t, "13800138000")
	opened := Personal{Number: n.E164(), Actor: "li",
		Salt: []byte("0123456789abcdef0123456789abcdef"),
		Evidence: Evidence{CallID: "call-1", RecordingID: "01J0000000000000000000000R",
			SuspectID: "01J0000000000000000000000S", DecisionID: "01J0000000000000000000000D"}}
	released := Personal{Number: n.E164(), Actor: "ops", Text: "asked for a call",
		Salt: []byte("fedcba9876543210fedcba9876543210")}
	require.Equal(t, "18c632cbfedb1611ce7668aeba3d8bbcc9acc33d082c0e82c6a95252f307f116",
		opened.Commitment().String())
	require.Equal(t, "cc6d04cb08f933ee42fab84e46274250adce063793ee6dcf6bc0c06738a5e62e",
		released.Commitment().String())
	first := Entry{Seq: 1, Kind: Opened, FreezeID: "01J0000000000000000000000F", At: noon,
		Reason: Refused, Class: "not_interested",
		Until: noon.Add(60 * 24 * time.Hour), NumberMAC: k.NumberMAC(n),
		Commitment: opened.Commitment(),
		MAC:        parseMAC(t, "fd8f1d37c475f655a65d55aa4b6e8fb0f287642427679bcac9c4a566cd4f6737")}
	second := Entry{Seq: 2, Kind: Released, FreezeID: "01J0000000000000000000000F",
		At: noon.Add(time.Hour), NumberMAC: k.NumberMAC(n),
		Commitment: released.Commitment(), Prev: first.MAC,
		MAC: parseMAC(t, "3703e7e073e0f64b9162e076ec9419de435b24fef69994dbc6743e7fc93bfda4")}
	v := Verifier{Keys: k, Want: second.MAC}
	require.NoError(t, v.Next(first))
	require.NoError(t, v.Next(second))
	require.NoError(t, v.End())
	require.Equal(t, ByHand, CauseOf(second))
	require.Equal(t, Corrected, CauseOf(Entry{Kind: Released, Reason: Reason(Corrected)}))
}

// No text can pass for another field's.
func TestNewFieldsAreToldApart(t *testing.T) {
	t.Parallel()
	k := newKeys(t, 1)
	seen := map[MAC]Entry{}
	for _, e := range []Entry{{}, {Line: "a"}, {Rule: "a"}, {RuleVersion: "a"},
		{Line: "a", Rule: "a"}, {Rule: "a", RuleVersion: "a"},
		{Line: "arule"}, {Line: "a", RuleVersion: "a"},
		{Line: "a\x00\x00\x00\x04rule\x00\x00\x00\x01a"}} {
		mac := k.Seal(0, MAC{}, e).MAC
		require.NotContains(t, seen, mac, "%+v", e)
		seen[mac] = e
	}
}

func parseMAC(t *testing.T, s string) MAC {
	t.Helper()
	m, err := seal.ParseMAC(s)
	require.NoError(t, err)
	require.Equal(t, s, m.String())
	return m
}

func TestSealDropsWhatStorageDrops(t *testing.T) {
	t.Parallel()
	k := newKeys(t, 1)
	zone := time.FixedZone("CST", 8*3600)
	e := k.Seal(0, MAC{}, Entry{Kind: Opened, At: noon.Add(1500).In(zone),
		Until: noon.Add(time.Hour + 999).In(zone)})
	require.Equal(t, noon.Add(time.Microsecond), e.At)
	require.Equal(t, noon.Add(time.Hour), e.Until)
	require.True(t, k.Seal(0, MAC{}, Entry{Kind: Released, At: noon}).Until.IsZero())
}

func TestPersonal(t *testing.T) {
	t.Parallel()
	n := parse(t, "13800138000")
	p := NewPersonal(n, "li", "text", Evidence{CallID: "call-1"})
	require.Equal(t, n.E164(), p.Number)
	require.Equal(t, p.Commitment(), p.Commitment())
	require.NotEqual(t, p.Commitment(), NewPersonal(n, "li", "text",
		Evidence{CallID: "call-1"}).Commitment(), "the salt is fresh")
	for name, change := range map[string]func(*Personal){
		"number":   func(p *Personal) { p.Number = "+8613800138001" },
		"actor":    func(p *Personal) { p.Actor = "wang" },
		"text":     func(p *Personal) { p.Text = "" },
		"evidence": func(p *Personal) { p.Evidence.CallID = "call-2" },
		"salt":     func(p *Personal) { p.Salt = append([]byte{1}, p.Salt[1:]...) },
	} {
		other := p
		change(&other)
		require.NotEqual(t, p.Commitment(), other.Commitment(), name)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	_, err := NewKeys(make([]byte, SecretSize-1))
	require.ErrorContains(t, err, "31 bytes")
	require.False(t, Keys{}.Valid())
	a, again, b := newKeys(t, 1), newKeys(t, 1), newKeys(t, 2)
	require.True(t, a.Valid())
	n := parse(t, "13800138000")
	require.Equal(t, a.NumberMAC(n), again.NumberMAC(n))
	require.NotEqual(t, a.NumberMAC(n), b.NumberMAC(n))
	require.NotEqual(t, a.NumberMAC(n), a.NumberMAC(parse(t, "13800138001")))
	require.NotEqual(t, a.chain, a.number)
}
