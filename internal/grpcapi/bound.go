package grpcapi

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
	"github.com/refrain-asr/refrain/review"
)

// bound refuses a request that is about other lines than those that its key is for. Most keys are for
// all.
func (d *Deps) bound(ctx context.Context, rule access.Rule, req any) error {
	p, _ := access.Of(ctx)
	if len(p.Lines) == 0 {
		return nil
	}
	message, ok := req.(proto.Message)
	switch {
	case rule.Open || rule.Scope == access.NoLine:
		return nil
	case rule.Scope == access.LineField && ok:
		return d.boundFields(ctx, p, message)
	case rule.Scope == access.LineOfName && ok:
		line, err := d.lineOf(ctx, message)
		if err == nil && !p.MayUse(line) {
			err = otherLine(p, line)
		}
		return err
	}
	return &fault.Error{Op: "access.Bound", Kind: fault.Forbidden, Reason: "LINE_NOT_PERMITTED",
		Message: fmt.Sprintf("%s is for %s only, and this request is about all lines", p.Who(),
			linesText(p))}
}

// boundFields checks the line of a request, or those of the calls that it has.
func (d *Deps) boundFields(ctx context.Context, p access.Principal, req proto.Message) error {
	switch m := req.(type) {
	case *pb.ReportCallRequest:
		return boundLine(p, m.GetCall())
	case *pb.BatchReportCallsRequest:
		for _, c := range m.GetCalls() {
			if err := boundLine(p, c); err != nil {
				return err
			}
		}
		return nil
	case *pb.UploadRecordingRequest:
		if m.GetMetadata() == nil { // the file, behind them
			return nil
		}
		if err := boundLine(p, m.GetMetadata()); err != nil {
			return err
		}
		return d.boundCall(ctx, m.GetMetadata().GetCallId())
	case *pb.ExportVconsRequest:
		if len(m.GetCallIds()) > 0 {
			return &fault.Error{Op: "access.Bound", Kind: fault.Forbidden, Reason: "LINE_NOT_PERMITTED",
				Message: "a key for some lines may not name calls here; select them by their line"}
		}
	}
	return boundLine(p, req)
}

// boundCall refuses a recording of a call that was reported of another line before its audio comes. What reports,
// reservations and recordings find under their own id, and recordings of other parts, their transactions check.
func (d *Deps) boundCall(ctx context.Context, id string) error {
	c, err := d.Calls.Get(ctx, id, d.Rules.Timeline())
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return err
	}
	return request.CheckLine(ctx, "recording.Upload", "calls/"+id, c.Call.Line)
}

// boundLine checks the field line, and fills it in where it is empty and only one will do.
func boundLine(p access.Principal, m proto.Message) error {
	r := m.ProtoReflect()
	if !r.IsValid() { // what is missing, the method refuses
		return nil
	}
	field := r.Descriptor().Fields().ByName("line")
	if field == nil || field.Kind() != protoreflect.StringKind {
		return otherLine(p, "")
	}
	line := r.Get(field).String()
	if line == "" && len(p.Lines) == 1 {
		r.Set(field, protoreflect.ValueOfString(p.Lines[0]))
		return nil
	}
	if !p.MayUse(line) {
		return otherLine(p, line)
	}
	return nil
}

// lineOf is the line of the call, recording or suspect that a request names.
func (d *Deps) lineOf(ctx context.Context, req proto.Message) (string, error) {
	return d.lineNamed(ctx, textOf(req, "name"))
}

// lineNamed is the line of a call, a recording or a suspect by its name, "" for what has none.
func (d *Deps) lineNamed(ctx context.Context, name string) (string, error) {
	kind, id, _ := strings.Cut(name, "/")
	switch kind {
	case "calls":
		c, err := d.Calls.Get(ctx, id, d.Rules.Timeline())
		return c.Call.Line, err
	case "recordings":
		r, err := d.Recordings.Get(ctx, recording.ID(id))
		return r.Line, err
	case "suspects":
		suspect, _, _ := strings.Cut(id, "/")
		s, err := d.Suspects.Get(ctx, review.ID(suspect))
		return s.Line, err
	}
	return "", nil // what has none is for nobody who has some lines only
}

// textOf is a text field of a request, "" where it has none of that name.
func textOf(m proto.Message, name protoreflect.Name) string {
	r := m.ProtoReflect()
	field := r.Descriptor().Fields().ByName(name)
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return ""
	}
	return r.Get(field).String()
}

func otherLine(p access.Principal, line string) error {
	what := fmt.Sprintf("not for %q", line)
	if line == "" {
		what = "and this request names none"
	}
	return &fault.Error{Op: "access.Bound", Kind: fault.Forbidden, Reason: "LINE_NOT_PERMITTED",
		Message: fmt.Sprintf("%s is for %s only, %s", p.Who(), linesText(p), what)}
}

func linesText(p access.Principal) string {
	if len(p.Lines) == 1 {
		return fmt.Sprintf("the line %q", p.Lines[0])
	}
	return fmt.Sprintf("the lines %q", p.Lines)
}
