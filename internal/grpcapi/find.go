package grpcapi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

const (
	// mostSuspects is how many suspects are found at most by the end of their ids, which hardly any two share.
	mostSuspects = 20
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
	var wrong fault.Fields
	t := tail{digits: query, size: pageSize(req.GetPageSize(), &wrong)}
	t.after = s.pages.parse(t.filter(), req.GetPageToken(), &wrong)
	if err := wrong.Err("reveal.List"); err != nil {
		return nil, err
	}
	var err error
	out := &pb.ListNumbersResponse{}
	if t.whole, err = s.Numbers.Parse(query); err == nil && t.after == nil {
		out.Matches = []*pb.NumberMatch{{By: pb.NumberMatch_BY_NUMBER, MaskedNumber: t.whole.Masked()}}
	}
	if err == nil && !t.counts() {
		return out, nil
	}
	if t.after == nil {
		if err := s.findNamed(ctx, s.fullName(query), out); err != nil {
			return nil, err
		}
	}
	return out, s.findTail(ctx, t, out)
}

// tail are digits that a number may end in, and of what they find, how many after what.
type tail struct {
	digits string
	// whole is the number that the digits are as well: so many are read as a landline's with its area code, or a
	// service's. It is told already.
	whole number.Number
	size  int
	after *cursor
}

func (t tail) filter() string { return filterName("numbers", t.digits) }

// plain tells that there are digits and nothing else.
func (t tail) plain() bool { return strings.Trim(t.digits, "0123456789") == "" }

// counts tells that numbers are found by so many digits.
func (t tail) counts() bool {
	return t.plain() && len(t.digits) >= leastDigits && len(t.digits) <= mostDigits
}

func addMatches(out *pb.ListNumbersResponse, by pb.NumberMatch_By, found ...number.Match) {
	for _, m := range found {
		if !m.Number.IsZero() { // it was erased
			out.Matches = append(out.Matches, &pb.NumberMatch{By: by, Name: m.Name, MaskedNumber: m.Number.Masked(),
				Time: timestamp(m.At)})
		}
	}
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
func (s *revealServer) findNamed(ctx context.Context, id string, out *pb.ListNumbersResponse) error {
	m, ok, err := s.Finder.ByCall(ctx, id)
	if err != nil {
		return err
	}
	if ok {
		addMatches(out, pb.NumberMatch_BY_CALL, m)
	}
	short := strings.ToUpper(strings.TrimPrefix(id, "suspects/"))
	if len(short) < review.MinShort || len(short) > ulidLen || !validID(short) || strings.ContainsAny(short, "_-") {
		return nil
	}
	found, err := s.Finder.BySuspect(ctx, short, mostSuspects)
	addMatches(out, pb.NumberMatch_BY_SUSPECT, found...)
	return err
}

// findTail looks for numbers by their last digits. Where something else was found by these already, it says nothing of
// what can't be done.
func (s *revealServer) findTail(ctx context.Context, t tail, out *pb.ListNumbersResponse) error {
	p, _ := access.Of(ctx)
	switch {
	case !t.plain(), len(out.GetMatches()) > 0 && (!t.counts() || !p.Reveals):
		return nil
	case !p.Reveals:
		return &fault.Error{Op: "reveal.List", Kind: fault.Forbidden, Reason: "NOT_PERMITTED",
			Message: fmt.Sprintf("%s may not find numbers by some of their digits, as that takes the permission to see "+
				"them in full; give the whole number, or the id of a call or a suspect", p.Who())}
	case !t.counts():
		var wrong fault.Fields
		wrong.Add("query", "has %d digits, and is no whole number; give all of it, or its last %d to %d", len(t.digits),
			leastDigits, mostDigits)
		return wrong.Err("reveal.List")
	}
	if err := s.recordTail(ctx, p, t.digits); err != nil {
		return err
	}
	var after *request.Cursor
	if t.after != nil {
		after = &request.Cursor{At: t.after.at, ID: t.after.id}
	}
	found, err := s.Finder.ByTail(ctx, t.digits, after, t.size+1)
	found, out.NextPageToken = cut(found, t.size, func(m number.Match) string {
		return s.pages.token(t.filter(), cursor{m.At, m.Name})
	})
	found = slices.DeleteFunc(found, func(m number.Match) bool { return m.Number == t.whole })
	addMatches(out, pb.NumberMatch_BY_LAST_DIGITS, found...)
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
