package grpcapi

import (
	"context"
	"strings"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// asked is the number that a request is about.
type asked struct {
	number.Number
	// by is the name of what has it, "" where the number was given.
	by string
	// suspect is set where that is one that is to be decided. What was decided on its call before would tell that
	// it is a second look, and so is left out.
	suspect *review.Suspect
}

// recording is the one of which nothing is to be told but of the suspect itself, "" for none.
func (a asked) recording() string {
	if a.suspect == nil {
		return ""
	}
	return a.suspect.RecordingID
}

// asking is a request about a number, which may be none.
type asking interface {
	GetNumber() string
	GetSameNumberAs() string
}

// asked reads the number that a request is about, the zero one where it names none.
func (d *Deps) asked(ctx context.Context, op string, req asking, wrong *fault.Fields) (asked, error) {
	switch text, by := req.GetNumber(), req.GetSameNumberAs(); {
	case by == "" && text == "":
		return asked{}, nil
	case by == "":
		return asked{Number: parseNumber("number", text, d.Numbers, wrong)}, nil
	case text != "":
		wrong.Add("same_number_as", "is given along with number; leave one of them out")
		return asked{}, nil
	default:
		return d.numberBy(ctx, op, by)
	}
}

// numberBy is whose number has what somebody names who may not see it in full.
func (d *Deps) numberBy(ctx context.Context, op, name string) (asked, error) {
	if err := d.mayName(ctx, op, name); err != nil {
		return asked{}, err
	}
	a, err := d.whose(ctx, op, "same_number_as", name)
	if err == nil && a.IsZero() {
		err = &fault.Error{Op: op, Kind: fault.NotFound, Reason: "NOT_FOUND", Subject: name,
			Message: "its number was erased, and nothing else can be found by it"}
	}
	return a, err
}

// readBy are the requests by which things are read: who may not make these learns nothing by their names, either.
var readBy = map[string]string{
	"calls": pb.CallService_GetCall_FullMethodName, "recordings": pb.RecordingService_GetRecording_FullMethodName,
	"suspects": pb.ReviewService_GetSuspect_FullMethodName, "freezes": pb.FreezeService_ListFreezes_FullMethodName,
}

// mayName refuses who may not read what a name is of. A key for some lines names what is of these alone.
func (d *Deps) mayName(ctx context.Context, op, name string) error {
	p, _ := access.Of(ctx)
	kind, _, _ := strings.Cut(name, "/")
	if method, ok := readBy[kind]; ok {
		rule, _ := access.RuleOf(strings.TrimPrefix(method, "/"))
		if !rule.Allows(p.Role) {
			return &fault.Error{Op: op, Kind: fault.Forbidden, Reason: "NOT_PERMITTED", Subject: name,
				Message: p.Who() + " may not read " + kind + ", and so can't ask about a number by one; give the number"}
		}
	}
	if len(p.Lines) == 0 {
		return nil
	}
	line, err := d.lineNamed(ctx, name)
	if err == nil && !p.MayUse(line) {
		err = otherLine(p, line)
	}
	return err
}

// whose is the number of a call, a recording, a suspect or a freeze; field is where a request names it.
func (d *Deps) whose(ctx context.Context, op, field, name string) (asked, error) {
	kind, id, _ := strings.Cut(name, "/")
	switch {
	case id == "":
	case kind == "calls":
		c, err := d.Calls.Get(ctx, id, d.Rules.Timeline())
		return asked{Number: c.Call.Number, by: name}, err
	case kind == "recordings":
		r, err := d.Recordings.Get(ctx, recording.ID(id))
		return asked{Number: r.Number, by: name}, err
	case kind == "suspects":
		x, err := d.Suspects.Get(ctx, review.ID(id))
		a := asked{Number: x.Number, by: name}
		if x.Decision == nil {
			a.suspect = &x
		}
		return a, err
	case kind == "freezes":
		f, err := d.Freezes.Get(ctx, freeze.ID(id))
		return asked{Number: f.Number, by: name}, err
	}
	var wrong fault.Fields
	wrong.Add(field, "is %q; it must look like calls/{call}, recordings/{recording}, suspects/{suspect} "+
		"or freezes/{freeze}", name)
	return asked{}, wrong.Err(op)
}
