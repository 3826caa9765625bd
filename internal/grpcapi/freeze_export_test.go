package grpcapi

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// exported are all freezes that an export gives.
func exported(
	t *testing.T, s *bench, actor string, req *pb.ExportFreezesRequest,
) (list []*pb.Freeze, messages int, err error) {
	t.Helper()
	stream, err := s.Freezes.ExportFreezes(as(t.Context(), actor), req)
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
	s := newBench(t, goBy(clock), logTo(log),
		func(b *bench) { b.cfg.Privacy.Reveal = []string{"li"} })
	imported := func(list []*pb.ImportedFreeze) []int32 {
		resp, err := s.Freezes.ImportFreezes(as(ctx, "ops"),
			&pb.ImportFreezesRequest{Freezes: list})
		require.NoError(t, err)
		return []int32{resp.GetOpened(), resp.GetSkipped()}
	}
	list := []*pb.ImportedFreeze{
		{Number: phone(1), Reason: "old list"},
		{Number: phone(2), StartTime: timestamppb.New(tenOClock.Add(-time.Hour)),
			EndTime: timestamppb.New(tenOClock.Add(time.Hour)), Line: "loans"},
		{Number: phone(3), StartTime: timestamppb.New(tenOClock.Add(-2 * time.Hour)),
			EndTime: timestamppb.New(tenOClock.Add(-time.Hour))},
		{Number: phone(4), Class: "no_need"},
	}
	require.Equal(t, []int32{3, 1}, imported(list))
	require.Equal(t, []int32{0, 4}, imported(list))
	require.Equal(t, "imported", s.Ask(t, phone(1)).GetFreezeReason())
	require.True(t, s.Ask(t, phone(3)).GetAllowed())
	require.Equal(t, "no_need", s.Ask(t, phone(4)).GetClass())
	many := make([]*pb.ImportedFreeze, 1000)
	for i := range many {
		many[i] = &pb.ImportedFreeze{Number: phone(100 + i)}
	}
	require.Equal(t, []int32{1000, 0}, imported(many))
	_, err := s.Freezes.ImportFreezes(as(ctx, "ops"),
		&pb.ImportFreezesRequest{Freezes: slices.Concat(many, list)})
	require.ErrorContains(t, err, "freezes has 1004")
	_, err = s.Freezes.ImportFreezes(as(ctx, "ops"),
		&pb.ImportFreezesRequest{Freezes: []*pb.ImportedFreeze{{Number: phone(9)}, {Number: "1"}}})
	require.ErrorContains(t, err, "freezes[1].number")
	require.True(t, s.Ask(t, phone(9)).GetAllowed(), "all or none")

	all, messages, err := exported(t, s, "ops", &pb.ExportFreezesRequest{})
	require.NoError(t, err)
	require.Len(t, all, 1003)
	require.Equal(t, 2, messages)
	for _, f := range all {
		require.Empty(t, f.GetNumber())
		require.Contains(t, f.GetMaskedNumber(), "****")
	}
	_, _, err = exported(t, s, "ops", &pb.ExportFreezesRequest{FullNumbers: true,
		RevealReason: "the list moves to another system"})
	require.Equal(t, "NOT_PERMITTED", reason(err))
	require.Empty(t, log.Lines("numbers revealed"))
	all, _, err = exported(t, s, "li", &pb.ExportFreezesRequest{FullNumbers: true,
		RevealReason: "the list moves to another system"})
	require.NoError(t, err)
	require.Equal(t, "+86"+phone(2), all[0].GetNumber(), "the oldest first")
	require.Len(t, log.Lines("level=WARN", "numbers revealed", "actor=li"), 1)
	_, _, err = exported(t, s, "", &pb.ExportFreezesRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	s.Release(t, phone(4))
	for req, want := range map[*pb.ExportFreezesRequest]int{{}: 1002, {ShowEnded: true}: 1003,
		{Reason: "complaint"}: 0} {
		all, _, err = exported(t, s, "ops", req)
		require.NoError(t, err)
		require.Len(t, all, want)
	}
	s.Sound(t)
}
