package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/internal/store"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/retention"
	"github.com/refrain-asr/refrain/review"
)

const toErase = "13800138000"

func erasedNumber(tb testing.TB) number.Number {
	tb.Helper()
	n, err := number.Parse(toErase, "CN")
	require.NoError(tb, err)
	return n
}

// sameDigits is a time whose nanoseconds are the digits of the number that is erased.
const sameDigits = 13800138000 * time.Nanosecond

// saidTo keeps of another's recording all that is stored as JSON: texts in which the number stands, in the
// way of those that hear it, and times that have the same digits.
func saidTo(tb testing.TB, k *kept) recording.ID {
	tb.Helper()
	id := k.fill(tb, 1, 3)[0]
	tokens := func(texts ...string) (all []asr.Token) {
		for i, t := range texts {
			all = append(all, asr.Token{Span: asr.Span{Start: sameDigits, End: sameDigits + time.Duration(i)}, Text: t, Prob: 0.13800138000})
		}
		return all
	}
	tr := asr.Transcript{Side: asr.Customer, Duration: 2 * sameDigits, Segments: []asr.Segment{
		{Span: asr.Span{Start: sameDigits, End: 2 * sameDigits}, Text: "号码是138 0013 8000别打", Tokens: tokens("号码是", "138", " 0013", " 8000", "别打")},
		{Text: "或者138", Tokens: tokens("或者", "138")}, {Text: "0013，8000", Tokens: tokens(" 0013", "，", "8000")},
	}}
	hit := keywords.Hit{Class: "stop_calling", Phrase: "别打", Text: "8000别打", Start: 12, End: 18,
		Time: asr.Span{Start: sameDigits, End: sameDigits}, Match: keywords.MatchKind("exact"), Score: 1}
	whole := hit
	whole.Text, whole.Start = "号码是138 0013 8000别打", 0
	verdict := keywords.Verdict{Hits: []keywords.Hit{hit, whole}, Score: 1, Suspect: true, Lexicon: "x"}
	info := audio.Info{Rate: 8000, Channels: 2}
	require.NoError(tb, k.db.InTx(tb.Context(), func(ctx context.Context, tx store.Tx) error {
		var errs []error
		do := func(query string, args ...any) {
			_, err := tx.ExecContext(ctx, query, args...)
			errs = append(errs, err)
		}
		do(`UPDATE recordings SET audio = $1, answer_offset = 13800138000 WHERE id = $2`, asJSON(tb, info), id)
		do(`INSERT INTO transcripts (recording_id, side, settings_key, transcript, made_at) VALUES ($1, 'customer', 'k', $2, 1)`, id, asJSON(tb, tr))
		do(`INSERT INTO judgements (recording_id, side, settings_key, lexicon, score, suspect, verdict, made_at)
			VALUES ($1, 'customer', 'k', 'x', 1, 1, $2, 1)`, id, asJSON(tb, verdict))
		do(`INSERT INTO suspects (id, recording_id, call_id, part, agent, hits, score, class, lexicon, round, verdict, created_at, updated_at,
			revision, number, day) VALUES ('s', $1, $2, '', 'a', $3, 1, 'stop_calling', 'x', 1, '', 1, 1, 1, 8613900139000, '')`,
			id, "call-"+string(id), asJSON(tb, verdict.Hits))
		do(`INSERT INTO recording_versions (recording_id, version, audio, sha256, size, defects, verdict, transcript, replaced_at)
			VALUES ($1, 1, $2, 'x', 1, '', $3, $4, 1)`, id, asJSON(tb, info), asJSON(tb, verdict), asJSON(tb, tr))
		return errors.Join(errs...)
	}))
	return id
}

// What is kept of others stays readable whatever digits its times have, and the number goes from its texts
// and tokens together, so that hits still point at what they pointed at.
func TestRedactOthersTranscripts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	id := saidTo(t, k)
	c, err := k.service(k.db.Retention).ErasePerson(ctx, erasedNumber(t), "li", "asked us to")
	require.NoError(t, err)
	require.NotZero(t, c.Went["texts"])

	got, err := k.db.Transcripts.Get(ctx, id, asr.Customer)
	require.NoError(t, err)
	require.Equal(t, sameDigits, got.Segments[0].Start)
	require.Equal(t, sameDigits, got.Segments[0].Tokens[0].Start)
	var texts []string
	for _, s := range got.Segments {
		texts = append(texts, s.Text)
		for _, tok := range s.Tokens {
			texts = append(texts, tok.Text)
		}
	}
	require.Equal(t, []string{"号码是*** **** ****别打", "号码是", "***", " ****", " ****", "别打",
		"或者***", "或者", "***", "*********", " ****", "*", "****"}, texts)

	v, suspect, err := k.db.Transcripts.Judgement(ctx, id)
	require.NoError(t, err)
	require.Equal(t, review.ID("s"), suspect)
	require.Equal(t, []string{"****别打", "号码是*** **** ****别打"}, []string{v.Hits[0].Text, v.Hits[1].Text})
	require.Equal(t, sameDigits, v.Hits[1].Time.Start)
	require.Equal(t, v.Hits[1].Text, string([]rune(got.Segments[0].Text)[v.Hits[1].Start:v.Hits[1].End]))
	suspects, err := k.db.Suspects.List(ctx, review.Filter{})
	require.NoError(t, err)
	require.Equal(t, v.Hits, suspects[0].Hits)
	recs, err := k.db.Recordings.List(ctx, recording.Filter{})
	require.NoError(t, err)
	require.Len(t, recs, 1)
	require.Equal(t, sameDigits, recs[0].AnswerOffset)
	versions, err := k.db.Transcripts.VersionVerdicts(ctx, id)
	require.NoError(t, err)
	require.Equal(t, v.Hits, versions[0].Hits)
}

// Every column that is redacted by its type is there.
func TestDecodedColumns(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "refrain.db"))
	for name := range store.DecodedColumns() {
		table, column, _ := strings.Cut(name, ".")
		var found int
		require.NoError(t, db.Writer().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pragma_table_info($1) WHERE name = $2`,
			table, column).Scan(&found))
		require.Equal(t, 1, found, name)
	}
}

// A text that looks like JSON but is somebody's is without the number, too.
func TestRedactTextsLikeJSON(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	k.fill(t, 1, 3)
	for _, text := range []string{`[13800138000]`, `{"call": [8613800138000, 5]}`, `["138.0013.8000"]`, `[138 0013 8000`} {
		require.NoError(t, k.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE recordings SET problem_message = $1`, text)
			return err
		}))
		c, err := k.service(k.db.Retention).ErasePerson(ctx, erasedNumber(t), "li", "asked us to")
		require.NoError(t, err)
		require.EqualValues(t, 1, c.Went["texts"], text)
		require.Empty(t, c.Left, text)
	}
}

// A recorder and a switch that send again by an id in which an erased number stood send nothing new.
func TestRenamedIsKnown(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := openKept(t, t.TempDir())
	id := k.fill(t, 1, 3)[0]
	const old = "transfer-from-13800138000"
	require.NoError(t, k.db.InTx(ctx, func(ctx context.Context, tx store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE recordings SET call_id = $1`, old)
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE calls SET call_id = $1`, old)
		}
		return err
	}))
	s := k.service(k.db.Retention)
	_, err := s.ErasePerson(ctx, erasedNumber(t), "li", "asked us to")
	require.NoError(t, err)

	again := newRecording(t, 7)
	again.CallID, again.Part = old, ""
	known, created, err := k.db.Recordings.CreateRecording(ctx, again)
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, id, known.ID)
	require.False(t, known.Erased())
	require.NotContains(t, known.CallID, toErase)
	known, err = k.db.Recordings.RecordingByCall(ctx, old, "")
	require.NoError(t, err)
	require.Equal(t, id, known.ID)
	gone, err := k.db.Retention.Gone(ctx, []recording.ID{id})
	require.NoError(t, err)
	require.Empty(t, gone, "its audio is nobody's stray")
	out, err := reporting(t, k.db).Report(ctx, []calls.Call{{ID: old, Number: known.Number, Start: time.Now().Add(-time.Hour),
		Outcome: calls.Rejected, Revision: 9}})
	require.NoError(t, err)
	require.Equal(t, calls.Unchanged, out[0].Status)
	require.Empty(t, remains(t, s))

	_, err = s.ErasePerson(ctx, known.Number, "li", "asked us to")
	require.NoError(t, err)
	known, err = k.db.Recordings.RecordingByCall(ctx, old, "")
	require.NoError(t, err)
	require.True(t, known.Erased(), "also under the name of before")
}

// remains is where a certificate says that the number still is.
func remains(tb testing.TB, s *retention.Service) []string {
	tb.Helper()
	c, err := s.ErasePerson(tb.Context(), erasedNumber(tb), "li", "asked us to")
	require.NoError(tb, err)
	return c.Left
}

// A certificate tells of what could not be erased: what was sealed before every form was masked, and
// figures of the same digits, which are nobody's.
func TestCertificateIsHonest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		keep func(context.Context, store.Tx) error
		want string
	}{
		"sealed": {func(ctx context.Context, tx store.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO audit (seq, at, actor, origin, action, subject, reason, details, key_id, prev, mac)
				VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM audit), 1, 'li', '', 'x', '', 'call (138) 0013.8000', '{}', '', zeroblob(32), zeroblob(32))`)
			return err
		}, "audit.reason (sealed, rows: 1)"},
		"figures": {func(ctx context.Context, tx store.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO runs (id, state, selection, apply, speech, per_day, lexicon, actor, problem, cursor,
				last, total, done, tally, created_at, updated_at, revision)
				VALUES ('r', 'done', '{}', 0, 0, 0, '', '', '', '', '', 0, 0, '{"waiting":13800138000,"a":1}', 1, 1, 1)`)
			return err
		}, "runs.tally (a figure of the same digits, rows: 1)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := openKept(t, t.TempDir())
			require.NoError(t, k.db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error { return tt.keep(ctx, tx) }))
			require.Contains(t, remains(t, k.service(k.db.Retention)), tt.want)
		})
	}
}

// A free page is searched for every form, and written over.
func TestScrubFindsEveryForm(t *testing.T) {
	t.Parallel()
	n := erasedNumber(t)
	for _, form := range []string{"13800138000", "138.0013.8000", "１３８００１３８０００", "一三八零零一三八零零零", "(138)00138000", "138  0013  8000"} {
		path := filepath.Join(t.TempDir(), "refrain.db")
		db := open(t, path)
		ctx := t.Context()
		for _, query := range []string{`PRAGMA secure_delete = OFF`, `CREATE TABLE scrap (text TEXT)`,
			`INSERT INTO scrap VALUES ('` + form + `')`, `DROP TABLE scrap`} {
			_, err := db.Writer().ExecContext(ctx, query)
			require.NoError(t, err)
		}
		found, err := db.Retention.SearchFiles(ctx, n)
		require.NoError(t, err)
		require.NotEmpty(t, found, form)
		left, err := db.Retention.Scrub(ctx, n)
		require.NoError(t, err)
		require.Empty(t, left, form)
	}
}

// A database that was put back is searched for those who were erased also where they stand in texts of others
// only; of whom nobody is found, that is told.
func TestResumeFindsPeopleInTexts(t *testing.T) {
	t.Parallel()
	n := erasedNumber(t)
	for name, keep := range map[string]func(*testing.T, *kept){
		"a note": func(t *testing.T, k *kept) {
			t.Helper()
			require.NoError(t, k.db.InTx(t.Context(), func(ctx context.Context, tx store.Tx) error {
				_, err := tx.ExecContext(ctx, `UPDATE recordings SET problem_message = 'wife of (138) 0013.8000'`)
				return err
			}))
		},
		"a transcript": func(t *testing.T, k *kept) { t.Helper(); saidTo(t, k) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			k := openKept(t, t.TempDir())
			k.fill(t, 1, 3)
			keep(t, k)
			s := k.service(k.db.Retention)
			for i, of := range []number.Number{n, otherThan(t, n)} {
				e := retention.Erasure{ID: fmt.Sprint(i), At: time.Now()}
				e.Name, e.Key = s.Names.Name(of)
				require.NoError(t, s.Journal.Append(e))
			}
			did, err := s.Resume(ctx)
			require.NoError(t, err)
			require.Equal(t, []string{"1"}, did.Unfound)
			require.Empty(t, remainsInTables(t, k))
		})
	}
}

// remainsInTables is where the number is found in rows.
func remainsInTables(tb testing.TB, k *kept) (found []string) {
	tb.Helper()
	left, err := k.db.Retention.Remains(tb.Context(), erasedNumber(tb))
	require.NoError(tb, err)
	for _, l := range left {
		if !strings.Contains(l, "a figure of the same digits") {
			found = append(found, l)
		}
	}
	return found
}

// otherThan is a number of which nothing is kept.
func otherThan(tb testing.TB, n number.Number) number.Number {
	tb.Helper()
	o, err := number.FromDigits(n.Digits() + 5)
	require.NoError(tb, err)
	return o
}
