package app_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	_ "modernc.org/sqlite" // to tamper with the database

	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A complaint freezes its number until somebody releases it, once.
func TestComplaints(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	complaint := func(n, source string, after time.Duration) *pb.Complaint {
		return &pb.Complaint{Number: n, Time: timestamppb.New(tenOClock.Add(after)), Source: source, Text: "天天打电话"}
	}
	imported := func(list ...*pb.Complaint) []int32 {
		resp, err := s.freezes.ImportComplaints(as(ctx, "ops"), &pb.ImportComplaintsRequest{Complaints: list})
		require.NoError(t, err)
		return []int32{resp.GetCreated(), resp.GetKnown(), resp.GetFrozen()}
	}
	list := []*pb.Complaint{complaint(phone(1), "12321", -time.Hour), complaint(phone(1), "carrier", -time.Hour), complaint(phone(2), "own", 0)}
	require.Equal(t, []int32{3, 0, 2}, imported(list...))
	require.Equal(t, []int32{0, 3, 0}, imported(list...), "the same file again")
	clock.later(400 * 24 * time.Hour)
	a := s.ask(t, phone(1))
	require.Equal(t, "complaint", a.GetFreezeReason())
	require.Nil(t, a.GetUntil())
	require.Equal(t, "该号码因客户投诉已冻结，直到人工解除，请勿拨打。", a.GetSentenceZh())
	require.Equal(t, "天天打电话", s.freezesOf(t, phone(1))[0].GetNote())
	s.release(t, phone(1))
	require.Equal(t, []int32{0, 3, 0}, imported(list...), "what is known does not undo a release")
	require.True(t, s.ask(t, phone(1)).GetAllowed())
	for want, bad := range map[string]*pb.Complaint{
		"source": complaint(phone(1), "police", 0), "number": complaint("12", "own", 0), "time": complaint(phone(1), "own", 1000*24*time.Hour),
	} {
		_, err := s.freezes.ImportComplaints(as(ctx, "ops"), &pb.ImportComplaintsRequest{Complaints: []*pb.Complaint{list[0], bad}})
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		require.ErrorContains(t, err, "complaints[1]."+want)
	}
	_, err := s.freezes.ImportComplaints(ctx, &pb.ImportComplaintsRequest{Complaints: list})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	s.sound(t)
}

// exported are all freezes that an export gives.
func exported(t *testing.T, s *server, actor string, req *pb.ExportFreezesRequest) (list []*pb.Freeze, messages int, err error) {
	t.Helper()
	stream, err := s.freezes.ExportFreezes(as(t.Context(), actor), req)
	require.NoError(t, err)
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return list, messages, nil
		}
		if err != nil {
			return nil, 0, err
		}
		list, messages = append(list, m.GetFreezes()...), messages+1
	}
}

// Freezes come in from other systems and go out to them. Whole numbers only those see
// who may, and it is noted.
func TestImportAndExport(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	log := newLogbook()
	cfg := testConfig(t.TempDir())
	cfg.Privacy.Reveal = []string{"li"}
	s := start(t, cfg, clock.option, log.option)
	imported := func(list []*pb.ImportedFreeze) []int32 {
		resp, err := s.freezes.ImportFreezes(as(ctx, "ops"), &pb.ImportFreezesRequest{Freezes: list})
		require.NoError(t, err)
		return []int32{resp.GetOpened(), resp.GetSkipped()}
	}
	list := []*pb.ImportedFreeze{
		{Number: phone(1), Reason: "old list"},
		{Number: phone(2), StartTime: timestamppb.New(tenOClock.Add(-time.Hour)), EndTime: timestamppb.New(tenOClock.Add(time.Hour)), Line: "loans"},
		{Number: phone(3), StartTime: timestamppb.New(tenOClock.Add(-2 * time.Hour)), EndTime: timestamppb.New(tenOClock.Add(-time.Hour))},
		{Number: phone(4), Class: "no_need"},
	}
	require.Equal(t, []int32{3, 1}, imported(list))
	require.Equal(t, []int32{0, 4}, imported(list))
	require.Equal(t, "imported", s.ask(t, phone(1)).GetFreezeReason())
	require.True(t, s.ask(t, phone(3)).GetAllowed())
	require.Equal(t, "no_need", s.ask(t, phone(4)).GetClass())
	many := make([]*pb.ImportedFreeze, 1000)
	for i := range many {
		many[i] = &pb.ImportedFreeze{Number: phone(100 + i)}
	}
	require.Equal(t, []int32{1000, 0}, imported(many))
	_, err := s.freezes.ImportFreezes(as(ctx, "ops"), &pb.ImportFreezesRequest{Freezes: slices.Concat(many, list)})
	require.ErrorContains(t, err, "freezes has 1004")
	_, err = s.freezes.ImportFreezes(as(ctx, "ops"), &pb.ImportFreezesRequest{Freezes: []*pb.ImportedFreeze{{Number: phone(9)}, {Number: "1"}}})
	require.ErrorContains(t, err, "freezes[1].number")
	require.True(t, s.ask(t, phone(9)).GetAllowed(), "all or none")

	all, messages, err := exported(t, s, "ops", &pb.ExportFreezesRequest{})
	require.NoError(t, err)
	require.Len(t, all, 1003)
	require.Equal(t, 2, messages)
	for _, f := range all {
		require.Empty(t, f.GetNumber())
		require.Contains(t, f.GetMaskedNumber(), "****")
	}
	_, _, err = exported(t, s, "ops", &pb.ExportFreezesRequest{FullNumbers: true})
	require.Equal(t, "NOT_PERMITTED", reason(err))
	require.Empty(t, log.lines("numbers revealed"))
	all, _, err = exported(t, s, "li", &pb.ExportFreezesRequest{FullNumbers: true})
	require.NoError(t, err)
	require.Equal(t, "+86"+phone(2), all[0].GetNumber(), "the oldest first")
	require.Len(t, log.lines("level=WARN", "numbers revealed", "actor=li"), 1)
	_, _, err = exported(t, s, "", &pb.ExportFreezesRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	s.release(t, phone(4))
	for req, want := range map[*pb.ExportFreezesRequest]int{{}: 1002, {ShowEnded: true}: 1003, {Reason: "complaint"}: 0} {
		all, _, err = exported(t, s, "ops", req)
		require.NoError(t, err)
		require.Len(t, all, want)
	}
	s.sound(t)
}

func TestFreezesByHand(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), clock.option)
	create := func(req *pb.CreateFreezeRequest) (*pb.Freeze, error) {
		resp, err := s.freezes.CreateFreeze(as(ctx, "ops"), req)
		return resp.GetFreeze(), err
	}
	day := &pb.CreateFreezeRequest_Period{Period: durationpb.New(24 * time.Hour)}
	f, err := create(&pb.CreateFreezeRequest{Number: phone(1), Reason: "asked us to", End: day, RequestId: "q"})
	require.NoError(t, err)
	again, err := create(&pb.CreateFreezeRequest{Number: phone(1), Reason: "asked us to", End: day, RequestId: "q"})
	require.NoError(t, err)
	require.Equal(t, f.GetName(), again.GetName())
	require.Len(t, s.freezesOf(t, phone(1)), 1)
	for want, req := range map[string]*pb.CreateFreezeRequest{
		"number is":   {Number: "1", Reason: "x"},
		"reason":      {Number: phone(1)},
		"is over":     {Number: phone(1), Reason: "x", End: &pb.CreateFreezeRequest_EndTime{EndTime: timestamppb.New(tenOClock)}},
		"period must": {Number: phone(1), Reason: "x", End: &pb.CreateFreezeRequest_Period{Period: durationpb.New(-time.Second)}},
		"request_id":  {Number: phone(1), Reason: "x", RequestId: "0123456789012345678901234567890123456789"},
	} {
		_, err = create(req)
		require.Equal(t, codes.InvalidArgument, status.Code(err), want)
		require.ErrorContains(t, err, want)
	}
	extend := func(name string, end time.Duration) (*pb.Freeze, error) {
		resp, err := s.freezes.ExtendFreeze(as(ctx, "li"), &pb.ExtendFreezeRequest{Name: name, Reason: "again",
			End: &pb.ExtendFreezeRequest_Period{Period: durationpb.New(end)}})
		return resp.GetFreeze(), err
	}
	_, err = extend(f.GetName(), time.Hour)
	require.ErrorContains(t, err, "must be after the end so far")
	longer, err := extend(f.GetName(), 48*time.Hour)
	require.NoError(t, err)
	require.Equal(t, tenOClock.Add(48*time.Hour), longer.GetEndTime().AsTime())
	clock.later(25 * time.Hour)
	require.False(t, s.ask(t, phone(1)).GetAllowed())
	clock.later(23 * time.Hour)
	require.True(t, s.ask(t, phone(1)).GetAllowed())
	_, err = extend(f.GetName(), time.Hour)
	require.Equal(t, "NOT_STANDING", reason(err))
	_, err = extend("freezes/nobody", time.Hour)
	require.Equal(t, codes.NotFound, status.Code(err))
	s.sound(t)
}

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
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, clock.option)
	for i := range 3 {
		_, err := s.freezes.CreateFreeze(as(t.Context(), "ops"), &pb.CreateFreezeRequest{Number: phone(i), Reason: "x",
			End: &pb.CreateFreezeRequest_Period{Period: durationpb.New(24 * time.Hour)}})
		require.NoError(t, err)
	}
	verify := func(head string) *pb.VerifyLedgerResponse {
		resp, err := s.freezes.VerifyLedger(t.Context(), &pb.VerifyLedgerRequest{Head: head})
		require.NoError(t, err)
		return resp
	}
	head := s.sound(t).GetHead()
	require.Empty(t, verify(head).GetProblems())
	wrong := verify(fmt.Sprintf("%064x", 7))
	require.Len(t, wrong.GetProblems(), 1)
	require.Equal(t, "TAMPERED", wrong.GetProblems()[0].GetReason())
	for _, bad := range []string{"x", "00", head + "00"} {
		_, err := s.freezes.VerifyLedger(t.Context(), &pb.VerifyLedgerRequest{Head: bad})
		require.Equal(t, codes.InvalidArgument, status.Code(err), bad)
	}
	for _, step := range []struct {
		statements  []string
		alone, with string
	}{
		{[]string{"DELETE FROM freezes WHERE opened_seq = 3", "DELETE FROM ledger_personal WHERE seq = 3", "DELETE FROM ledger WHERE seq = 3"}, "", "head"},
		{[]string{"UPDATE freezes SET until_at = until_at - 3600000000 WHERE opened_seq = 1"}, "does not end when the ledger says", ""},
		{[]string{"UPDATE ledger SET until = until - 3600000000 WHERE seq = 1"}, "entry 1", ""}, // now both say so
	} {
		require.NoError(t, s.stop())
		tamper(t, cfg.Data, step.statements...)
		s = start(t, cfg, clock.option)
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

// The ledger's head is logged at the start and every hour, as proof outside of the
// database.
func TestHeadIsLoggedHourly(t *testing.T) {
	t.Parallel()
	log := newLogbook()
	ticks := map[time.Duration]chan time.Time{time.Minute: nil, 10 * time.Minute: nil, time.Hour: nil}
	for d := range ticks {
		ticks[d] = make(chan time.Time)
	}
	s := start(t, testConfig(t.TempDir()), log.option, func(o *app.Options) {
		o.Every = func(d time.Duration) (<-chan time.Time, func()) { return ticks[d], func() {} }
	})
	require.Contains(t, log.wait(t, 1, "the ledger's head"), "entries=0")
	for i := range 2 {
		_, err := s.freezes.CreateFreeze(as(t.Context(), "ops"), &pb.CreateFreezeRequest{Number: phone(i), Reason: "x"})
		require.NoError(t, err)
		ticks[10*time.Minute] <- time.Now()
		ticks[time.Minute] <- time.Now()
		ticks[time.Hour] <- time.Now()
		line := log.wait(t, i+2, "the ledger's head")
		require.Contains(t, line, fmt.Sprintf("entries=%d head=%s", i+1, s.sound(t).GetHead()))
	}
}
