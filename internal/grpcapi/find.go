package grpcapi

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/review"
)

const (
	// mostFound is how many numbers are found at most.
	mostFound = 20
	// leastDigits and mostDigits are how many of a number's last digits it is found by: more of them are nearly all
	// that there are, and then it can be given whole.
	leastDigits, mostDigits = 4, 10
)

// ListNumbers implements the API.
func (s *revealServer) ListNumbers(
	ctx context.Context, req *pb.ListNumbersRequest,
) (*pb.ListNumbersResponse, error) {
	query := strings.TrimSpace(req.GetQuery())
	if err := checkQuery(query); err != nil {
		return nil, err
	}
	out := &pb.ListNumbersResponse{}
	if n, err := s.Numbers.Parse(query); err == nil {
		out.Matches = []*pb.NumberMatch{{By: pb.NumberMatch_BY_NUMBER, MaskedNumber: n.Masked()}}
		return out, nil
	}
	add := func(by pb.NumberMatch_By, found ...number.Match) {
		for _, m := range found {
			if !m.Number.IsZero() { // it was erased
				out.Matches = append(out.Matches, &pb.NumberMatch{By: by, Name: m.Name, MaskedNumber: m.Number.Masked(),
					Time: timestamp(m.At)})
			}
		}
	}
	if err := s.findNamed(ctx, s.fullName(query), add); err != nil {
		return nil, err
	}
	return out, s.findTail(ctx, query, len(out.GetMatches()) > 0, add)
}

func checkQuery(query string) error {
	const longest = 200
	var wrong fault.Fields
	switch {
	case query == "":
		wrong.Add("query", "is missing: give a number, its last %d digits or more, or the id of a call or a suspect", leastDigits)
	case len(query) > longest:
		wrong.Add("query", "has %d bytes; ids have %d at most", len(query), longest)
	}
	return wrong.Err("reveal.List")
}

// findNamed looks for a call and for suspects by their ids.
func (s *revealServer) findNamed(
	ctx context.Context, id string, add func(pb.NumberMatch_By, ...number.Match),
) error {
	m, ok, err := s.Finder.ByCall(ctx, id)
	if err != nil {
		return err
	}
	if ok {
		add(pb.NumberMatch_BY_CALL, m)
	}
	short := strings.ToUpper(strings.TrimPrefix(id, "suspects/"))
	if len(short) < review.MinShort || len(short) > ulidLen || !validID(short) || strings.ContainsAny(short, "_-") {
		return nil
	}
	found, err := s.Finder.BySuspect(ctx, short, mostFound)
	add(pb.NumberMatch_BY_SUSPECT, found...)
	return err
}

// findTail looks for numbers by their last digits. Where something else was found by these already, it says nothing of
// what can't be done.
func (s *revealServer) findTail(
	ctx context.Context, digits string, found bool, add func(pb.NumberMatch_By, ...number.Match),
) error {
	p, _ := access.Of(ctx)
	switch {
	case strings.Trim(digits, "0123456789") != "", found && (len(digits) < leastDigits || len(digits) > mostDigits || !p.Reveals):
		return nil
	case !p.Reveals:
		return &fault.Error{Op: "reveal.List", Kind: fault.Forbidden, Reason: "NOT_PERMITTED",
			Message: fmt.Sprintf("%s may not find numbers by some of their digits, as that takes the permission to see "+
				"them in full; give the whole number, or the id of a call or a suspect", p.Who())}
	case len(digits) < leastDigits, len(digits) > mostDigits:
		var wrong fault.Fields
		wrong.Add("query", "has %d digits, and is no whole number; give all of it, or its last %d to %d", len(digits),
			leastDigits, mostDigits)
		return wrong.Err("reveal.List")
	}
	if err := s.recordTail(ctx, p, digits); err != nil {
		return err
	}
	matches, err := s.Finder.ByTail(ctx, digits, mostFound)
	add(pb.NumberMatch_BY_LAST_DIGITS, matches...)
	return err
}

// recordTail has it recorded that somebody looks for a number by more of it than is shown masked: what is found by that
// tells of the digits that are not.
func (s *revealServer) recordTail(ctx context.Context, p access.Principal, digits string) error {
	if len(digits) <= leastDigits {
		return nil
	}
	return s.Audit.Record(ctx, audit.Entry{Actor: cmp.Or(p.Actor, p.Name, "local"), From: p.From, Action: audit.Reveal,
		Subject: "numbers", Reason: fmt.Sprintf("looked for by its last %d digits", len(digits))})
}
