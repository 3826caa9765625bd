package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/request"
)

// oldDatabase makes a database as it was before calls came in, with a freeze, its
// release, and a freeze that stands, whose entries were sealed then.
func oldDatabase(t *testing.T, keys freeze.Keys) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "refrain.db")
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_foreign_keys=1")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	p, err := goose.NewProvider(goose.DialectSQLite3, db, os.DirFS("migrations/sqlite"),
		goose.WithLogger(goose.NopLogger()))
	require.NoError(t, err)
	_, err = p.UpTo(t.Context(), 2)
	require.NoError(t, err)
	write := func(query string, args ...any) {
		_, err := db.ExecContext(t.Context(), query, args...)
		require.NoError(t, err, query)
	}
	begin := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	n := newRecording(t, 1).Number
	personal := freeze.Personal{Number: n.E164(), Actor: "li",
		Evidence: freeze.Evidence{CallID: "call-1"}, Salt: []byte("salt")}
	seq, head := int64(0), freeze.MAC{}
	for _, e := range []freeze.Entry{
		{Kind: freeze.Opened, FreezeID: "a", At: begin, Reason: freeze.Refused, Class: "no_need",
			Until: begin.Add(time.Hour)},
		{Kind: freeze.Released, FreezeID: "a", At: begin.Add(time.Minute)},
		{Kind: freeze.Opened, FreezeID: "b", At: begin, Reason: freeze.Refused,
			Class: "stop_calling"},
	} {
		e.NumberMAC, e.Commitment = keys.NumberMAC(n), personal.Commitment()
		e = keys.Seal(seq, head, e)
		seq, head = e.Seq, e.MAC
		until := sql.NullInt64{Int64: e.Until.UnixMicro(), Valid: !e.Until.IsZero()}
		write(`INSERT INTO ledger (seq, kind, freeze_id, at, reason, class, until, number_mac, commitment, prev, mac)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, e.Seq, string(e.Kind), string(e.FreezeID), e.At.UnixMicro(), string(e.Reason),
			e.Class, until, e.NumberMAC[:], e.Commitment[:], e.Prev[:], e.MAC[:])
		write(`INSERT INTO ledger_personal VALUES ($1, $2, 'li', '', '{"call_id":"call-1"}', $3)`,
			e.Seq, n.E164(), personal.Salt)
		if e.Kind == freeze.Opened {
			write(`INSERT INTO freezes (id, number_mac, reason, class, from_at, until_at, opened_seq) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				string(e.FreezeID), e.NumberMAC[:], string(e.Reason), e.Class, e.At.UnixMicro(),
				until, e.Seq)
		} else {
			write(`UPDATE freezes SET released_at = $1, released_seq = $2 WHERE id = 'a'`,
				e.At.UnixMicro(), e.Seq)
		}
	}
	return path
}

// A database of old opens, keeps what it held, proves it, and goes on.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path := oldDatabase(t, options(t).Keys)
	db := open(t, path)
	released, err := db.Freezes.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, freeze.ByHand, released.Release.Cause)
	require.EqualValues(t, 1, released.Seq)
	standing, err := db.Freezes.Get(ctx, "b")
	require.NoError(t, err)
	require.EqualValues(t, 3, standing.Seq)
	require.Equal(t, "call-1", standing.Evidence.CallID)
	service := freeze.Service{Store: db.Freezes, Keys: options(t).Keys, Now: time.Now}
	_, err = service.Release(ctx, request.Request{}, standing.Number, "ops", "asked")
	require.NoError(t, err)
	v, err := db.Freezes.Verify(ctx, freeze.MAC{})
	require.NoError(t, err)
	require.Empty(t, v.Findings)
	require.EqualValues(t, 4, v.Entries)
	for _, query := range []string{`UPDATE ledger SET class = 'x'`, `DELETE FROM ledger`} {
		_, err := db.Writer().ExecContext(ctx, query)
		require.ErrorContains(t, err, "append-only", query)
	}
	require.NoError(t, db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		rows, err := tx.QueryContext(ctx, `PRAGMA foreign_key_check`)
		require.NoError(t, err)
		require.False(t, rows.Next(), "a reference leads nowhere")
		require.NoError(t, rows.Err())
		return rows.Close()
	}))
}

// Transcripts of old are the customer's, and judgements still rest on them.
func TestUpgradeTranscripts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "refrain.db")
	old, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_foreign_keys=1")
	require.NoError(t, err)
	p, err := goose.NewProvider(goose.DialectSQLite3, old, os.DirFS("migrations/sqlite"),
		goose.WithLogger(goose.NopLogger()))
	require.NoError(t, err)
	_, err = p.UpTo(ctx, 3)
	require.NoError(t, err)
	for _, query := range []string{
		`INSERT INTO recordings (id, call_id, part, number, agent, source, customer_channel, answer_offset, audio, sha256, size, state,
			attempts, deaths, created_at, updated_at, revision)
			VALUES ('r', 'call-1', '', '+8613800138000', '', '', 'right', 0, '{}', '', 1, 'done', 1, 0, 1, 1, 1)`,
		`INSERT INTO transcripts VALUES ('r', 'k', '{"side":"customer","windows":3}', 1), ('r', 'other', '{"side":"customer"}', 1)`,
		`INSERT INTO judgements VALUES ('r', 'k', 'default 1', 0.9, 1, '{"score":0.9,"suspect":true}', 1)`,
	} {
		_, err := old.ExecContext(ctx, query)
		require.NoError(t, err, query)
	}
	require.NoError(t, old.Close())

	db := open(t, path)
	heard, err := db.Transcripts.Get(ctx, "r", asr.Customer)
	require.NoError(t, err)
	require.Equal(t, 3, heard.Windows)
	_, err = db.Transcripts.Get(ctx, "r", asr.Agent)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
	verdict, _, err := db.Transcripts.Judgement(ctx, "r")
	require.NoError(t, err)
	require.True(t, verdict.Suspect)
	_, err = db.Writer().ExecContext(ctx, `DELETE FROM transcripts WHERE settings_key = 'k'`)
	require.ErrorContains(t, err, "FOREIGN KEY", "what was judged stays")
}
