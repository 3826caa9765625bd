package grpcapi

import (
	"context"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/retention"
)

type retentionServer struct {
	pb.UnimplementedRetentionServiceServer
	Deps
}

// ShowRetention implements the API.
func (s *retentionServer) ShowRetention(
	ctx context.Context, _ *pb.ShowRetentionRequest,
) (*pb.ShowRetentionResponse, error) {
	due, err := s.Retention.Due(ctx)
	if err != nil {
		return nil, err
	}
	p := s.Retention.Policy
	resp := &pb.ShowRetentionResponse{Due: each(due, dueToProto), Periods: periodsToProto("", p.Periods),
		BackupsPeriod: optionalDuration(p.Backups)}
	for _, line := range slices.Sorted(maps.Keys(p.Lines)) {
		resp.Periods = append(resp.Periods, periodsToProto(line, p.Lines[line])...)
	}
	return resp, nil
}

func periodsToProto(line string, periods map[retention.Kind]time.Duration) []*pb.RetentionPeriod {
	var out []*pb.RetentionPeriod
	for _, k := range retention.Kinds() {
		if d, ok := periods[k]; ok {
			floor, _ := retention.Floor(k)
			out = append(out, &pb.RetentionPeriod{Kind: string(k), Line: line, Period: durationpb.New(d),
				Floor: optionalDuration(floor)})
		}
	}
	return out
}

// optionalDuration leaves out what is not known.
func optionalDuration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

func dueToProto(d retention.Due) *pb.RetentionDue {
	return &pb.RetentionDue{Kind: string(d.Kind), Count: d.Due.Count, SizeBytes: d.Due.Bytes,
		HeldCount: d.Held.Count, HeldBytes: d.Held.Bytes}
}

// RunRetention implements the API.
func (s *retentionServer) RunRetention(
	ctx context.Context, req *pb.RunRetentionRequest,
) (*pb.RunRetentionResponse, error) {
	if req.GetDryRun() {
		due, err := s.Retention.Due(ctx)
		return &pb.RunRetentionResponse{Erased: each(due, dueToProto)}, err
	}
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "erasing what is over, as somebody asked for it", "actor", by)
	went, err := s.Retention.Run(ctx)
	if err != nil {
		return nil, err
	}
	return &pb.RunRetentionResponse{Erased: each(went, dueToProto)}, nil
}

// AddHold implements the API.
func (s *retentionServer) AddHold(
	ctx context.Context, req *pb.AddHoldRequest,
) (*pb.AddHoldResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	h := retention.Hold{CallID: req.GetCallId(), Reason: req.GetReason(), Actor: by,
		From:  optionalTime("start_time", req.GetStartTime(), &wrong),
		Until: optionalTime("end_time", req.GetEndTime(), &wrong)}
	if req.GetNumber() != "" {
		h.Number = parseNumber("number", req.GetNumber(), s.Numbers, &wrong)
	}
	if err := wrong.Err("retention.Hold"); err != nil {
		return nil, err
	}
	if h, err = s.Retention.Hold(ctx, h); err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "legal hold placed", "hold", h.Name(), "actor", by)
	return &pb.AddHoldResponse{Hold: holdToProto(h)}, nil
}

// ListHolds implements the API.
func (s *retentionServer) ListHolds(
	ctx context.Context, req *pb.ListHoldsRequest,
) (*pb.ListHoldsResponse, error) {
	holds, err := s.Retention.Store.ListHolds(ctx, req.GetShowReleased())
	return &pb.ListHoldsResponse{Holds: each(holds, holdToProto)}, err
}

// ReleaseHold implements the API.
func (s *retentionServer) ReleaseHold(
	ctx context.Context, req *pb.ReleaseHoldRequest,
) (*pb.ReleaseHoldResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	ids := parseName("holds/{hold}", req.GetName(), &wrong)
	if err := wrong.Err("retention.ReleaseHold"); err != nil {
		return nil, err
	}
	h, err := s.Retention.ReleaseHold(ctx, retention.HoldID(ids[0]), by, req.GetReason())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "legal hold released", "hold", h.Name(), "actor", by)
	return &pb.ReleaseHoldResponse{Hold: holdToProto(h)}, nil
}

func holdToProto(h retention.Hold) *pb.Hold {
	out := &pb.Hold{Name: h.Name(), About: h.About(), Reason: h.Reason, Actor: h.Actor,
		CreateTime: timestamp(h.CreatedAt)}
	if r := h.Release; r != nil {
		out.ReleaseTime, out.ReleaseActor, out.ReleaseReason = timestamp(r.At), r.Actor, r.Reason
	}
	return out
}
