package grpcapi

import (
	"context"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/calls"
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
	// by is the name of what has it, "" where the number was given; call and recordings are what that is of.
	by         string
	call       string
	recordings []string
	// suspects are those that are to be decided of what has it. What was decided on their recordings before would tell
	// that they are second looks, and so is left out.
	suspects []review.Suspect
	// alone tells that the number is a virtual one, which is another's each time: what else has it is about others.
	alone bool
}

// undecided are the recordings of which nothing is to be told but of the suspects themselves.
func (a asked) undecided() []string {
	return each(a.suspects, func(x review.Suspect) string { return x.RecordingID })
}

// leavesOut tells whether something that rests on a recording, "" for none, is not to be told.
func (a asked) leavesOut(name, recording string) bool {
	return recording != "" && slices.Contains(a.undecided(), recording) ||
		a.alone && name != a.by && (recording == "" || !slices.Contains(a.recordings, recording))
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
	if err != nil {
		return asked{}, err
	}
	if a.alone, err = d.saidVirtual(ctx, a); err != nil {
		return asked{}, err
	}
	err = d.addUndecided(ctx, &a)
	return a, err
}

// saidVirtual tells whether the settings, or whoever told of the call, say that the number is a virtual one.
func (d *Deps) saidVirtual(ctx context.Context, a asked) (bool, error) {
	if a.alone || d.Numbers.IsVirtual(a.Number) {
		return true, nil
	}
	c, _, err := d.callOf(ctx, a)
	if err != nil || c.Virtual {
		return c.Virtual, err
	}
	for _, id := range a.recordings {
		r, err := d.Recordings.Get(ctx, recording.ID(id))
		switch {
		case fault.KindOf(err) == fault.NotFound: // it was erased
		case err != nil || r.Virtual:
			return r.Virtual, err
		}
	}
	return false, nil
}

// callOf is the call of what has a number; known is false where nobody reported it.
func (d *Deps) callOf(ctx context.Context, a asked) (c calls.Record, known bool, err error) {
	if a.call == "" {
		return c, false, nil
	}
	c, err = d.Calls.Get(ctx, a.call, d.Rules.Timeline())
	if fault.KindOf(err) == fault.NotFound {
		return calls.Record{}, false, nil
	}
	return c, err == nil, err
}

// addUndecided adds what whoever asks may still decide on of a call or a recording, whose ids stand beside the suspect: he
// is told no more by these than by that. Whoever sees no suspects is told all.
func (d *Deps) addUndecided(ctx context.Context, a *asked) error {
	p, _ := access.Of(ctx)
	rule, _ := access.RuleOf(strings.TrimPrefix(readBy["suspects"], "/"))
	if kind, _, _ := strings.Cut(a.by, "/"); len(a.recordings) == 0 || kind != "calls" && kind != "recordings" ||
		!rule.Allows(p.Role) {
		return nil
	}
	f := review.Filter{Recordings: a.recordings, Now: d.Now()}
	f.For, _ = actor(ctx) // nobody needs a name to look
	found, err := d.Suspects.List(ctx, f)
	a.suspects = slices.DeleteFunc(found, func(x review.Suspect) bool { return x.Decision != nil })
	return err
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
		return asked{Number: c.Call.Number, by: name, call: c.ID, recordings: c.Recordings, alone: c.Virtual}, err
	case kind == "recordings":
		r, err := d.Recordings.Get(ctx, recording.ID(id))
		return asked{Number: r.Number, by: name, call: r.CallID, recordings: []string{id}, alone: r.Virtual}, err
	case kind == "suspects":
		x, err := d.Suspects.Get(ctx, review.ID(id))
		a := asked{Number: x.Number, by: name, call: x.CallID, recordings: []string{x.RecordingID}, alone: x.Virtual}
		if x.Decision == nil {
			a.suspects = []review.Suspect{x}
		}
		return a, err
	case kind == "freezes":
		f, err := d.Freezes.Get(ctx, freeze.ID(id))
		return asked{Number: f.Number, by: name, call: f.Evidence.CallID, recordings: []string{f.Evidence.RecordingID}}, err
	}
	var wrong fault.Fields
	wrong.Add(field, "is %q; it must look like calls/{call}, recordings/{recording}, suspects/{suspect} "+
		"or freezes/{freeze}", name)
	return asked{}, wrong.Err(op)
}
