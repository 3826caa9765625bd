package grpcapi

import (
	"context"
	"strconv"

	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/seal"
)

// Audit is the record of who did what.
type Audit interface {
	audit.Recorder
	// List lists entries, the newest first; Each hands them over, the oldest first.
	List(ctx context.Context, f audit.Filter) ([]audit.Entry, error)
	Each(ctx context.Context, f audit.Filter, visit func(audit.Entry) error) error
	// Verify checks the whole record; want is a MAC that must be there, zero for none.
	Verify(ctx context.Context, want audit.MAC) (audit.Verification, error)
}

type auditServer struct {
	pb.UnimplementedAuditServiceServer
	Deps
	pages pager
}

// ListEntries implements the API.
func (s *auditServer) ListEntries(
	ctx context.Context, req *pb.ListEntriesRequest,
) (*pb.ListEntriesResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	f := auditFilter(req.GetFilter(), &wrong)
	name := filterName("audit", f.Actor, f.Subject, string(f.Action), f.From, f.Until)
	if after := s.pages.parse(name, req.GetPageToken(), &wrong); after != nil {
		f.Before, _ = strconv.ParseInt(after.id, 10, 64) // we wrote it
	}
	if err := wrong.Err("audit.List"); err != nil {
		return nil, err
	}
	f.Limit = size + 1
	list, err := s.Audit.List(ctx, f)
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(e audit.Entry) string {
		return s.pages.token(name, cursor{e.At, strconv.FormatInt(e.Seq, 10)})
	})
	return &pb.ListEntriesResponse{Entries: each(list, auditToProto), NextPageToken: next}, nil
}

// auditPage is how many entries one message of an export holds.
const auditPage = 1000

// ExportEntries implements the API.
func (s *auditServer) ExportEntries(
	req *pb.ExportEntriesRequest, stream grpc.ServerStreamingServer[pb.ExportEntriesResponse],
) error {
	var wrong fault.Fields
	f := auditFilter(req.GetFilter(), &wrong)
	if err := wrong.Err("audit.Export"); err != nil {
		return err
	}
	page := &pb.ExportEntriesResponse{}
	err := s.Audit.Each(stream.Context(), f, func(e audit.Entry) error {
		if page.Entries = append(page.Entries, auditToProto(e)); len(page.Entries) < auditPage {
			return nil
		}
		full := page
		page = &pb.ExportEntriesResponse{}
		return stream.Send(full)
	})
	if err == nil && len(page.Entries) > 0 {
		err = stream.Send(page)
	}
	return err
}

// VerifyAudit implements the API.
func (s *auditServer) VerifyAudit(
	ctx context.Context, req *pb.VerifyAuditRequest,
) (*pb.VerifyAuditResponse, error) {
	var wrong fault.Fields
	var want audit.MAC
	if req.GetHead() != "" {
		var err error
		if want, err = seal.ParseMAC(req.GetHead()); err != nil {
			wrong.Add("head", "%v", err)
		}
	}
	if err := wrong.Err("audit.Verify"); err != nil {
		return nil, err
	}
	v, err := s.Audit.Verify(ctx, want)
	if err != nil {
		return nil, err
	}
	return &pb.VerifyAuditResponse{Entries: v.Entries, First: v.First, Head: v.Head.String(),
		Unproven: v.Unproven, Problems: v.Problems}, nil
}

func auditFilter(f *pb.AuditFilter, wrong *fault.Fields) audit.Filter {
	return audit.Filter{Actor: f.GetActor(), Subject: f.GetSubject(), Action: audit.Action(f.GetAction()),
		From:  optionalTime("filter.start_time", f.GetStartTime(), wrong),
		Until: optionalTime("filter.end_time", f.GetEndTime(), wrong)}
}

func auditToProto(e audit.Entry) *pb.AuditEntry {
	return &pb.AuditEntry{Seq: e.Seq, Time: timestamp(e.At), Actor: e.Actor, Origin: e.From,
		Action: string(e.Action), Subject: e.Subject, Reason: e.Reason, Details: e.Details,
		Mac: e.MAC.String()}
}
