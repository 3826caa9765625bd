package grpcapi

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/seal"
)

func (s *freezeServer) micronow() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// CreateFreeze implements the API.
func (s *freezeServer) CreateFreeze(
	ctx context.Context, req *pb.CreateFreezeRequest,
) (*pb.CreateFreezeResponse, error) {
	const op = "freeze.Create"
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	now := s.micronow()
	f := freeze.Freeze{Reason: freeze.Manual, Line: req.GetLine(), Note: req.GetReason(), Actor: by,
		From: now}
	f.Number = parseNumber("number", req.GetNumber(), s.Numbers, &wrong)
	f.Until = endAfter(now, req.GetPeriod(), req.GetEndTime(), &wrong)
	if err := wrong.Err(op); err != nil {
		return nil, err
	}
	if err := request.CheckReason(op, req.GetReason()); err != nil {
		return nil, err
	}
	opened, err := s.Freeze.Order(ctx, s.request(ctx, "CreateFreeze", req), []freeze.Freeze{f})
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "number frozen", "number", f.Number, "actor", by, "freeze",
		freezeName(opened[0].ID))
	return &pb.CreateFreezeResponse{Freeze: freezeToProto(opened[0], now)}, nil
}

// ImportFreezes implements the API.
func (s *freezeServer) ImportFreezes(
	ctx context.Context, req *pb.ImportFreezesRequest,
) (*pb.ImportFreezesResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	now := s.micronow()
	list := make([]freeze.Freeze, 0, len(req.GetFreezes()))
	for i, in := range req.GetFreezes() {
		place := fmt.Sprintf("freezes[%d].", i)
		f := freeze.Freeze{Reason: freeze.Imported, Note: in.GetReason(), Line: in.GetLine(),
			Class: in.GetClass(), Actor: by, From: now}
		if name, ok := strings.CutPrefix(in.GetNumber(), pseudonym); ok {
			if f.NumberMAC, err = seal.ParseMAC(name); err != nil {
				wrong.Add(place+"number", "is no pseudonym of a number: %v", err)
			}
		} else {
			f.Number = parseNumber(place+"number", in.GetNumber(), s.Numbers, &wrong)
		}
		if in.GetStartTime() != nil {
			f.From = optionalTime(place+"start_time", in.GetStartTime(), &wrong)
		}
		f.Until = optionalTime(place+"end_time", in.GetEndTime(), &wrong)
		list = append(list, f)
	}
	if err := wrong.Err("freeze.Import"); err != nil {
		return nil, err
	}
	opened, err := s.Freeze.Order(ctx, s.request(ctx, "ImportFreezes", req), list)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "freezes imported", "opened", len(opened), "skipped",
		len(list)-len(opened), "actor", by)
	return &pb.ImportFreezesResponse{Opened: int32(len(opened)),
		Skipped: int32(len(list) - len(opened))}, nil
}

// ExtendFreeze implements the API.
func (s *freezeServer) ExtendFreeze(
	ctx context.Context, req *pb.ExtendFreezeRequest,
) (*pb.ExtendFreezeResponse, error) {
	const op = "freeze.Extend"
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	ids := parseName("freezes/{freeze}", req.GetName(), &wrong)
	now := s.micronow()
	until := endAfter(now, req.GetPeriod(), req.GetEndTime(), &wrong)
	if err := wrong.Err(op); err != nil {
		return nil, err
	}
	f, err := s.Freeze.Extend(ctx, s.request(ctx, "ExtendFreeze", req), freeze.ID(ids[0]), until, by,
		req.GetReason())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "freeze extended", "freeze", freezeName(f.ID), "actor", by)
	return &pb.ExtendFreezeResponse{Freeze: freezeToProto(f, now)}, nil
}

// exportPage is how many freezes one message of an export holds.
const exportPage = 1000

// pseudonym is before the keyed hash by which a list of freezes knows a number that was erased. A server
// with the same key takes it in as that number's.
const pseudonym = "pseudonym:"

// ExportFreezes implements the API.
func (s *freezeServer) ExportFreezes(
	req *pb.ExportFreezesRequest, stream grpc.ServerStreamingServer[pb.ExportFreezesResponse],
) error {
	ctx := stream.Context()
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	now := s.micronow()
	page := &pb.ExportFreezesResponse{}
	n := 0
	send := func() error {
		err := stream.Send(page)
		page = &pb.ExportFreezesResponse{}
		return err
	}
	f := freeze.Filter{ShowEnded: req.GetShowEnded(), Reason: freeze.Reason(req.GetReason()),
		Now: now}
	if req.GetFullNumbers() { // logged before the first number leaves
		s.Logger.WarnContext(ctx, "numbers revealed", "what", "export of freezes", "actor", by)
	}
	err = s.Freezes.Each(ctx, f, func(f freeze.Freeze) error {
		out := freezeToProto(f, now)
		if req.GetFullNumbers() {
			out.Number = f.Number.E164()
		}
		if f.Number.IsZero() { // it was erased: by this an import finds it again
			out.Number, out.MaskedNumber = "", pseudonym+f.NumberMAC.String()
		}
		page.Freezes = append(page.Freezes, out)
		if n++; len(page.Freezes) < exportPage {
			return nil
		}
		return send()
	})
	if err == nil && len(page.Freezes) > 0 {
		err = send()
	}
	if err == nil {
		s.Logger.InfoContext(ctx, "freezes exported", "freezes", n, "full_numbers",
			req.GetFullNumbers(), "actor", by)
	}
	return err
}

// VerifyLedger implements the API.
func (s *freezeServer) VerifyLedger(
	ctx context.Context, req *pb.VerifyLedgerRequest,
) (*pb.VerifyLedgerResponse, error) {
	var want freeze.MAC
	if text := req.GetHead(); text != "" {
		b, err := hex.DecodeString(text)
		if err != nil || len(b) != len(want) {
			var wrong fault.Fields
			wrong.Add("head", "is no hash; it has %d hexadecimal digits, as 'refrain freeze "+
				"verify' and the log name it", 2*len(want))
			return nil, wrong.Err("freeze.Verify")
		}
		copy(want[:], b)
	}
	v, err := s.Ledger.Verify(ctx, want)
	if err != nil {
		return nil, err
	}
	for _, f := range v.Findings {
		s.Logger.ErrorContext(ctx, "the ledger is not what was written", "finding", f)
	}
	return &pb.VerifyLedgerResponse{Entries: v.Entries, Head: v.Head.String(),
		Problems: each(v.Findings, func(f error) *pb.Problem {
			return &pb.Problem{Reason: "TAMPERED", Message: f.Error()}
		})}, nil
}

// AllowNumber implements the API.
func (s *freezeServer) AllowNumber(
	ctx context.Context, req *pb.AllowNumberRequest,
) (*pb.AllowNumberResponse, error) {
	const op = "freeze.Allow"
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	now := s.micronow()
	a := freeze.Allow{Note: req.GetReason(), Actor: by, From: now}
	a.Number = parseNumber("number", req.GetNumber(), s.Numbers, &wrong)
	a.Until = endAfter(now, req.GetPeriod(), req.GetEndTime(), &wrong)
	if err := wrong.Err(op); err != nil {
		return nil, err
	}
	if err := request.CheckReason(op, req.GetReason()); err != nil {
		return nil, err
	}
	a, err = s.Freeze.Allow(ctx, s.request(ctx, "AllowNumber", req), a)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "number allowed", "number", a.Number, "until", a.Until, "actor", by,
		"allowance", allowanceName(a.ID))
	return &pb.AllowNumberResponse{Allowance: allowanceToProto(a, now)}, nil
}

// ListAllowances implements the API.
func (s *freezeServer) ListAllowances(
	ctx context.Context, req *pb.ListAllowancesRequest,
) (*pb.ListAllowancesResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	now := s.Now()
	f := freeze.AllowFilter{ShowEnded: req.GetShowEnded(), Now: now, Limit: size + 1}
	a, err := s.asked(ctx, "freeze.ListAllowances", req, &wrong)
	if err != nil {
		return nil, err
	}
	f.Number = a.Number
	filter := filterName("allowances", f.Number.E164(), f.ShowEnded)
	after := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err("freeze.ListAllowances"); err != nil {
		return nil, err
	}
	if after != nil {
		f.Before = &request.Cursor{At: after.at, ID: after.id}
	}
	if a.alone {
		return &pb.ListAllowancesResponse{}, nil
	}
	list, err := s.Freezes.ListAllows(ctx, f)
	if err != nil {
		return nil, err
	}
	list, next := cut(list, size, func(a freeze.Allow) string {
		return s.pages.token(filter, cursor{a.From, string(a.ID)})
	})
	return &pb.ListAllowancesResponse{NextPageToken: next,
		Allowances: each(list, func(a freeze.Allow) *pb.Allowance {
			return allowanceToProto(a, now)
		})}, nil
}

// EndAllowance implements the API.
func (s *freezeServer) EndAllowance(
	ctx context.Context, req *pb.EndAllowanceRequest,
) (*pb.EndAllowanceResponse, error) {
	const op = "freeze.EndAllowance"
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	checkRequestID(req.GetRequestId(), &wrong)
	ids := parseName("allowances/{allowance}", req.GetName(), &wrong)
	if err := wrong.Err(op); err != nil {
		return nil, err
	}
	a, err := s.Freeze.EndAllow(ctx, s.request(ctx, "EndAllowance", req), freeze.AllowID(ids[0]), by,
		req.GetReason())
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "number no longer allowed", "number", a.Number, "actor", by,
		"allowance", allowanceName(a.ID))
	return &pb.EndAllowanceResponse{Allowance: allowanceToProto(a, s.Now())}, nil
}

func allowanceName(id freeze.AllowID) string {
	if id == "" {
		return ""
	}
	return "allowances/" + string(id)
}

func allowanceToProto(a freeze.Allow, now time.Time) *pb.Allowance {
	return &pb.Allowance{Name: allowanceName(a.ID), MaskedNumber: a.Number.Masked(), Reason: a.Note,
		StartTime: timestamp(a.From), EndTime: timestamp(a.Until),
		Actor: a.Actor, Release: releaseToProto(a.Ended), Active: a.Binds(now)}
}

func releaseToProto(r *freeze.Release) *pb.Release {
	if r == nil {
		return nil
	}
	return &pb.Release{Actor: r.Actor, ReleaseTime: timestamp(r.At), Reason: r.Reason,
		Cause: string(r.Cause)}
}

// ImportComplaints implements the API.
func (s *freezeServer) ImportComplaints(
	ctx context.Context, req *pb.ImportComplaintsRequest,
) (*pb.ImportComplaintsResponse, error) {
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	var wrong fault.Fields
	list := make([]freeze.Complaint, 0, len(req.GetComplaints()))
	for i, in := range req.GetComplaints() {
		place := fmt.Sprintf("complaints[%d].", i)
		c := freeze.Complaint{Source: in.GetSource(), Text: in.GetText(), Actor: by}
		c.Number = parseNumber(place+"number", in.GetNumber(), s.Numbers, &wrong)
		c.At = optionalTime(place+"time", in.GetTime(), &wrong)
		list = append(list, c)
	}
	if err := wrong.Err("freeze.Complain"); err != nil {
		return nil, err
	}
	done, err := s.Freeze.Complain(ctx, list)
	if err != nil {
		return nil, err
	}
	s.Logger.InfoContext(ctx, "complaints imported", "created", done.Created, "known", done.Known,
		"frozen", len(done.Frozen), "actor", by)
	return &pb.ImportComplaintsResponse{Created: int32(done.Created), Known: int32(done.Known),
		Frozen: int32(len(done.Frozen))}, nil
}
