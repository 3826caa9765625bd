package grpcapi

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	_ "modernc.org/sqlite" // to tamper with the database

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// tamper changes the database of a server that is stopped, as somebody would who knows
// its tables but not its key.
func tamper(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "refrain.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, trigger := range []string{"ledger_no_update", "ledger_no_delete", "ledger_no_gap"} {
		_, err = db.ExecContext(t.Context(), "DROP TRIGGER IF EXISTS "+trigger)
		require.NoError(t, err)
	}
	for _, s := range statements {
		result, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err, s)
		n, err := result.RowsAffected()
		require.NoError(t, err)
		require.Positive(t, n, s)
	}
}

// Whoever edits the database while the server is stopped is found out: by the chain, by
// the tables that say otherwise, or, where the end was cut off, by a head that was noted.
func TestVerifyFindsWhatWasTamperedWith(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := newBench(t, goBy(clock))
	for i := range 3 {
		_, err := s.Freezes.CreateFreeze(as(t.Context(), "ops"),
			&pb.CreateFreezeRequest{Number: phone(i), Reason: "x",
				End: &pb.CreateFreezeRequest_Period{Period: durationpb.New(24 * time.Hour)}})
		require.NoError(t, err)
	}
	verify := func(head string) *pb.VerifyLedgerResponse {
		resp, err := s.Freezes.VerifyLedger(t.Context(), &pb.VerifyLedgerRequest{Head: head})
		require.NoError(t, err)
		return resp
	}
	head := s.Sound(t).GetHead()
	require.Empty(t, verify(head).GetProblems())
	wrong := verify(fmt.Sprintf("%064x", 7))
	require.Len(t, wrong.GetProblems(), 1)
	require.Equal(t, "TAMPERED", wrong.GetProblems()[0].GetReason())
	for _, bad := range []string{"x", "00", head + "00"} {
		_, err := s.Freezes.VerifyLedger(t.Context(), &pb.VerifyLedgerRequest{Head: bad})
		require.Equal(t, codes.InvalidArgument, status.Code(err), bad)
	}
	for _, step := range []struct {
		statements  []string
		alone, with string
	}{
		{[]string{"DELETE FROM freezes WHERE opened_seq = 3",
			"DELETE FROM ledger_personal WHERE seq = 3", "DELETE FROM ledger WHERE seq = 3"}, "",
			"head"},
		{[]string{"UPDATE freezes SET until_at = until_at - 3600000000 WHERE opened_seq = 1"},
			"does not end when the ledger says", ""},
		// now both say so
		{[]string{"UPDATE ledger SET until = until - 3600000000 WHERE seq = 1"}, "entry 1", ""},
	} {
		s.stop()
		tamper(t, s.cfg.Data, step.statements...)
		s.start(t)
		problems := verify("").GetProblems()
		if step.alone == "" {
			require.Empty(t, problems)
			problems = verify(head).GetProblems()
			require.NotEmpty(t, problems, "the end was cut off")
			continue
		}
		require.NotEmpty(t, problems)
		require.Contains(t, problems[0].GetMessage(), step.alone)
	}
}
