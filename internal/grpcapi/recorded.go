package grpcapi

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/audit"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// recorded runs a method, and has it recorded that it was done: in the transaction that does it, or
// else before its answer goes out.
func (d *Deps) recorded(
	ctx context.Context, rule access.Rule, req any, handler grpc.UnaryHandler,
) (any, error) {
	message, ok := req.(proto.Message)
	if rule.Audit == "" || !ok {
		return handler(ctx, req)
	}
	p := audit.NewPending(d.entry(ctx, rule, message))
	resp, err := handler(audit.With(ctx, p), req)
	if err != nil {
		return nil, err
	}
	if e, ok := p.Take(); ok {
		if err := d.Audit.Record(context.WithoutCancel(ctx), e); err != nil {
			return nil, fmt.Errorf("it was done, but could not be recorded: %w", err)
		}
	}
	return resp, nil
}

// entry is what the record tells of a request.
func (d *Deps) entry(ctx context.Context, rule access.Rule, req proto.Message) audit.Entry {
	p, _ := access.Of(ctx)
	e := audit.Entry{Actor: cmp.Or(p.Actor, p.Name, "local"), From: p.From, Action: rule.Audit,
		Subject: d.subjectOf(req), Details: detailsOf(req),
		Reason: cmp.Or(textOf(req, "reason"), textOf(req, "note"))}
	if e.Subject == "" && p.Kind == access.ByPerson { // who changes what he himself signs in with
		e.Subject = "users/" + p.Name
	}
	if p.Kind == access.ByKey && p.Name != p.Actor {
		e.Details["key"] = p.Name
	}
	switch m := req.(type) {
	case *pb.ExportFreezesRequest: // whose reason is a filter
		e.Reason = ""
		if m.GetFullNumbers() {
			e.Action, e.Reason = audit.Reveal, m.GetRevealReason()
		}
	case *pb.ExportVconsRequest:
		if m.GetFullNumbers() || m.GetWithAudio() {
			e.Action, e.Reason = audit.Reveal, m.GetRevealReason()
		}
	}
	return e
}

// subjectOf is the name of what a request is about. Numbers are masked.
func (d *Deps) subjectOf(req proto.Message) string {
	if text := textOf(req, "number"); text != "" {
		if n, err := d.Numbers.Parse(text); err == nil {
			return "numbers/" + n.String()
		}
		return "numbers/" + number.MaskName(text)
	}
	switch {
	case textOf(req, "key_id") != "":
		return "keys/" + textOf(req, "key_id")
	case textOf(req, "user_id") != "":
		return "users/" + textOf(req, "user_id")
	case textOf(req, "freeze") != "":
		return textOf(req, "freeze")
	}
	return cmp.Or(textOf(req, "name"), textOf(req, "parent"), collections[req.ProtoReflect().Descriptor().Name()])
}

// collections are what requests are about that name nothing.
var collections = map[protoreflect.Name]string{
	"ExportFreezesRequest": "freezes", "ImportFreezesRequest": "freezes", "ExportVconsRequest": "calls",
	"ImportComplaintsRequest": "complaints", "ActivateLexiconRequest": "lexicon",
	"ActivateRulesRequest": "rules", "CreateRunRequest": "runs", "ExportEntriesRequest": "audit",
	"RunRetentionRequest": "retention", "AddHoldRequest": "holds",
}

// told are the fields of requests that the record tells of.
var told = []protoreflect.Name{"verdict", "class", "role", "lines", "acts_for_others", "expire_time",
	"overlap", "full_numbers", "with_audio", "call_ids", "line", "version", "period", "end_time", "filter", "dry_run",
	"call_id", "start_time"}

// detailsOf are those of the fields that a request has. Of lists it is how many there are, but for
// lines, which say what a key is for.
func detailsOf(req proto.Message) map[string]string {
	out := map[string]string{}
	r := req.ProtoReflect()
	for _, name := range told {
		field := r.Descriptor().Fields().ByName(name)
		if field == nil || !r.Has(field) {
			continue
		}
		out[string(name)] = detail(field, r.Get(field))
	}
	return out
}

func detail(field protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case field.IsList() && field.Name() == "lines":
		var lines []string
		for i := range v.List().Len() {
			lines = append(lines, v.List().Get(i).String())
		}
		return strings.Join(lines, ",")
	case field.IsList():
		return strconv.Itoa(v.List().Len())
	case field.Enum() != nil:
		value := field.Enum().Values().ByNumber(v.Enum())
		if value == nil {
			return strconv.Itoa(int(v.Enum()))
		}
		_, name, _ := strings.Cut(strings.ToLower(string(value.Name())), "_")
		return name
	case field.Message() != nil:
		text, err := protojson.Marshal(v.Message().Interface())
		if err != nil { // a time that is none, which the method refuses
			return "?"
		}
		return strings.Trim(string(text), `"`)
	}
	return v.String()
}

// guarded has what comes in on a stream checked. Whoever is asking was let in before, and what comes is
// readable already.
func (d *Deps) guarded(
	srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler,
) error {
	rule, _ := access.RuleOf(strings.TrimPrefix(info.FullMethod, "/"))
	return handler(srv, &guardedStream{ServerStream: ss, d: d, rule: rule})
}

// guardedStream checks what comes in on a stream as the requests of other methods are: its first
// message is what is recorded.
type guardedStream struct {
	grpc.ServerStream
	d    *Deps
	rule access.Rule
	// noted tells that the request was recorded.
	noted bool
}

// RecvMsg implements grpc.ServerStream.
func (s *guardedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	ctx := s.Context()
	s.d.unmask(ctx, m)
	if err := s.d.bound(ctx, s.rule, m); err != nil {
		return err
	}
	message, ok := m.(proto.Message)
	if s.rule.Audit == "" || s.noted || !ok {
		return nil
	}
	if err := permitExport(ctx, message); err != nil {
		return err
	}
	s.noted = true
	return s.d.Audit.Record(context.WithoutCancel(ctx), s.d.entry(ctx, s.rule, message))
}

// SendMsg implements grpc.ServerStream.
func (s *guardedStream) SendMsg(m any) error {
	s.d.mask(s.Context(), m)
	return s.ServerStream.SendMsg(m)
}

// permitExport refuses an export that would tell what its asker may not see.
func permitExport(ctx context.Context, req proto.Message) error {
	switch m := req.(type) {
	case *pb.ExportFreezesRequest:
		if m.GetFullNumbers() {
			return mayReveal(ctx, "freeze.Export", "reveal_reason", m.GetRevealReason())
		}
	case *pb.ExportVconsRequest:
		if m.GetFullNumbers() || m.GetWithAudio() {
			return mayReveal(ctx, "export.Vcons", "reveal_reason", m.GetRevealReason())
		}
	}
	return nil
}
