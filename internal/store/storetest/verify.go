package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/request"
)

// someEntries makes a ledger of eight: three freezes, of which the first is released
// and the second extended, two more, and an entry of the allow list that is ended. It
// returns the first freeze and the head.
func (b *bench) someEntries(t *testing.T) (freeze.ID, freeze.MAC) {
	t.Helper()
	ctx := t.Context()
	first := b.confirmed(t, 1, keywords.Class("not_interested")).Decision.Freeze
	second := b.confirmed(t, 2, keywords.Class("not_interested")).Decision.Freeze
	_, err := b.freeze.Order(ctx, request.Request{},
		[]freeze.Freeze{{Number: numberOf(t, 3), Reason: freeze.Manual, Line: "sales", Note: "rude",
			Actor: "ops"}})
	require.NoError(t, err)
	_, err = b.release(t, 1, "")
	require.NoError(t, err)
	_, err = b.freeze.Extend(ctx, request.Request{}, second, begin.Add(2*period), "ops",
		"asked again")
	require.NoError(t, err)
	a, err := b.freeze.Allow(ctx, request.Request{},
		freeze.Allow{Number: numberOf(t, 3), Until: begin.Add(time.Hour), Actor: "ops"})
	require.NoError(t, err)
	_, err = b.freeze.EndAllow(ctx, request.Request{}, a.ID, "ops", "over")
	require.NoError(t, err)
	b.confirmed(t, 4, keywords.Class("stop_calling"))
	v, err := b.Freezes.Verify(ctx, freeze.MAC{})
	require.NoError(t, err)
	require.Empty(t, v.Findings)
	require.EqualValues(t, 8, v.Entries)
	return first, v.Head
}

// tamper runs statements as somebody would who can write the database, but lacks the
// key: the triggers go first.
func (b *bench) tamper(t *testing.T, queries ...string) {
	t.Helper()
	require.NoError(t, b.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
		for _, q := range append(b.unguard(), queries...) {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return nil
	}))
}

// findings verifies, and returns what was found.
func (b *bench) findings(t *testing.T, want freeze.MAC) []error {
	t.Helper()
	v, err := b.Freezes.Verify(t.Context(), want)
	require.NoError(t, err)
	for _, f := range v.Findings {
		require.ErrorIs(t, f, freeze.ErrTampered)
	}
	return v.Findings
}

func testVerifyLedger(t *testing.T, b *bench) {
	_, head := b.someEntries(t)
	require.Empty(t, b.findings(t, head))
	b.confirmed(t, 5, keywords.Class("stop_calling"))
	require.Empty(t, b.findings(t, head), "an earlier head")
	require.NoError(t, b.write(t, `DELETE FROM ledger_personal WHERE seq IN (1, 5)`))
	v, err := b.Freezes.Verify(t.Context(), head)
	require.NoError(t, err)
	require.Empty(t, v.Findings, "what is erased is no finding")
	require.EqualValues(t, 2, v.Erased)
	require.EqualValues(t, 9, v.Entries)
}

func testVerifyFindsEdits(t *testing.T, b *bench) {
	_, head := b.someEntries(t)
	require.Error(t, b.write(t, `UPDATE ledger SET class = 'complaint' WHERE seq = 2`),
		"as long as the triggers are there")
	b.tamper(t, `UPDATE ledger SET until = until - 86400000000 WHERE seq = 5`,
		`UPDATE freezes SET until_at = until_at - 86400000000 WHERE seq = 5`)
	found := b.findings(t, head)
	require.ErrorContains(t, found[0], "entry 5 was changed")
	require.ErrorContains(t, found[1], head.String(), "behind the break nothing is proven")
}

// testVerifyFindsRecomputed: who takes an entry out and recomputes all that follow with
// another key, in the ledger and in the tables, is found.
func testVerifyFindsRecomputed(t *testing.T, b *bench) {
	ctx := t.Context()
	_, head := b.someEntries(t)
	var entries []freeze.Entry
	require.NoError(t, b.Freezes.Ledger(ctx,
		func(e freeze.Entry) error { entries = append(entries, e); return nil }))
	forged, err := freeze.NewKeys(bytes.Repeat([]byte("x"), freeze.SecretSize))
	require.NoError(t, err)
	b.tamper(t, `DELETE FROM freezes WHERE opened_seq = 8`,
		`DELETE FROM ledger_personal WHERE seq = 8`, `DELETE FROM ledger WHERE seq = 8`,
		`UPDATE freezes SET released_at = 1, cause = 'released' WHERE opened_seq = 1`,
		`UPDATE ledger SET at = 1 WHERE seq = 4`)
	entries[3].At = time.UnixMicro(1)
	for i := 3; i < 7; i++ {
		e := forged.Seal(int64(i), entries[i-1].MAC, entries[i])
		require.NoError(t, b.write(t, `UPDATE ledger SET prev = $1, mac = $2 WHERE seq = $3`,
			e.Prev[:], e.MAC[:], e.Seq))
		entries[i] = e
	}
	found := b.findings(t, freeze.MAC{})
	require.Len(t, found, 1)
	require.ErrorContains(t, found[0], "entry 4 was changed")
	require.Len(t, b.findings(t, head), 2)
}

func testVerifyFindsCutTail(t *testing.T, b *bench) {
	_, head := b.someEntries(t)
	b.tamper(t, `DELETE FROM freezes WHERE opened_seq > 7`,
		`DELETE FROM ledger_personal WHERE seq > 7`, `DELETE FROM ledger WHERE seq > 7`,
		`UPDATE decisions SET freeze_id = '' WHERE freeze_id NOT IN (SELECT id FROM freezes)`)
	require.Empty(t, b.findings(t, freeze.MAC{}), "by itself it looks like a younger ledger")
	found := b.findings(t, head)
	require.Len(t, found, 1)
	require.ErrorContains(t, found[0], "cut off")
	require.ErrorContains(t, found[0], head.String())
}

// testVerifyFindsDifference: the ledger is sound, but the tables say otherwise.
func testVerifyFindsDifference(t *testing.T, b *bench) {
	_, head := b.someEntries(t)
	n := 0
	for _, tt := range []struct{ query, undo, want string }{
		{`UPDATE freezes SET until_at = until_at - 1 WHERE seq = 5`,
			`UPDATE freezes SET until_at = until_at + 1 WHERE seq = 5`, "does not end when"},
		{`UPDATE freezes SET until_at = 7 WHERE opened_seq = 8`,
			`UPDATE freezes SET until_at = NULL WHERE opened_seq = 8`, "does not end when"},
		{`UPDATE freezes SET seq = 2 WHERE opened_seq = 2`,
			`UPDATE freezes SET seq = 5 WHERE opened_seq = 2`, "was extended in the ledger"},
		{`UPDATE freezes SET released_at = 7 WHERE opened_seq = 2`,
			`UPDATE freezes SET released_at = NULL WHERE opened_seq = 2`, "was not released as"},
		{`UPDATE freezes SET cause = 'corrected' WHERE opened_seq = 1`,
			`UPDATE freezes SET cause = 'released' WHERE opened_seq = 1`, "was not released as"},
		{`UPDATE freezes SET line = '' WHERE opened_seq = 3`,
			`UPDATE freezes SET line = 'sales' WHERE opened_seq = 3`,
			"not in the ledger, or was changed"},
		{`UPDATE freezes SET number_mac = (SELECT prev FROM ledger WHERE seq = 4) WHERE opened_seq = 2`, ``,
			"not in the ledger, or was changed"},
		{`UPDATE freezes SET released_at = NULL, released_seq = NULL, cause = '' WHERE opened_seq = 1`, ``, "was released in the ledger"},
		{`DELETE FROM freezes WHERE opened_seq = 3`, ``, "but not among the freezes"},
		{`INSERT INTO freezes (id, number_mac, reason, class, from_at, opened_seq, seq) SELECT 'x', number_mac, reason, class, at, 6, 6 FROM ledger WHERE seq = 2`,
			``, "freezes/x is not in the ledger"},
		{`UPDATE allows SET until_at = until_at + 1`, `UPDATE allows SET until_at = until_at - 1`,
			"is not in the ledger, or was changed"},
		{`UPDATE allows SET ended_at = ended_at + 1`, `UPDATE allows SET ended_at = ended_at - 1`,
			"was not ended as"},
		{`UPDATE allows SET ended_at = NULL, ended_seq = NULL`, ``, "was ended in the ledger"},
		{`DELETE FROM allows`, ``, "not on the allow list"},
		{`UPDATE ledger_personal SET actor = 'nobody' WHERE seq = 6`, ``,
			"what entry 6 says of people was changed"},
	} {
		require.NoError(t, b.write(t, tt.query), tt.query)
		found := b.findings(t, head)
		require.Greater(t, len(found), n, tt.query)
		contains(t, found, tt.want)
		if tt.undo != "" {
			require.NoError(t, b.write(t, tt.undo))
		}
		n = len(b.findings(t, head))
	}
	require.NoError(t,
		b.write(t, `UPDATE ledger_personal SET evidence = '{"call_id":"other"}' WHERE seq = 1`))
	contains(t, b.findings(t, head), "what entry 1 says")
}

func contains(t *testing.T, errs []error, want string) {
	t.Helper()
	require.ErrorContains(t, errors.Join(errs...), want)
}

func testEachEntry(t *testing.T, b *bench) {
	ctx := t.Context()
	first, _ := b.someEntries(t)
	require.NoError(t, b.write(t, `DELETE FROM ledger_personal WHERE seq = 2`))
	var kinds []freeze.Kind
	var lines []freeze.Line
	require.NoError(t, b.Freezes.EachEntry(ctx, 0, func(l freeze.Line) error {
		kinds, lines = append(kinds, l.Kind), append(lines, l)
		return nil
	}))
	require.Equal(t, []freeze.Kind{freeze.Opened, freeze.Opened, freeze.Opened, freeze.Released,
		freeze.Extended, freeze.Allowed,
		freeze.Disallowed, freeze.Opened}, kinds)
	require.Equal(t, first, lines[0].FreezeID)
	require.Equal(t, "li", lines[0].Personal.Actor)
	require.Nil(t, lines[1].Personal, "it was erased")
	require.Equal(t, "sales", lines[2].Line)
	require.Equal(t, "rude", lines[2].Personal.Text)
	require.Equal(t, freeze.Reason(freeze.ByHand), lines[3].Reason)
	require.Equal(t, numberOf(t, 1).E164(), lines[3].Personal.Number)
	require.Equal(t, begin.Add(2*period), lines[4].Until)
	n := 0
	require.NoError(t, b.Freezes.EachEntry(ctx, 6,
		func(l freeze.Line) error { n++; require.Greater(t, l.Seq, int64(6)); return nil }))
	require.Equal(t, 2, n)
}
