package grpcapi

import (
	"context"
	"encoding/base32"
	"errors"
	"maps"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
)

// Switches and recorders make names of calls, agents and lines that hold numbers. Whoever may not see these gets
// such a name masked, with what it was behind it, sealed: out-138****8000-1~VfKd... It is always the same for the
// same name, and whoever sends it back means that name.

// sealedMark divides the two. The letters are no digits, or they might be taken for a number.
var (
	letters     = base32.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef").WithPadding(base32.NoPadding)
	namePurpose = "masked name"
)

const (
	sealedMark = "~"
	nameTag    = 10
)

// maskedName is a name as whoever may not see numbers gets it.
func (d *Deps) maskedName(name string) string {
	masked := number.MaskName(name)
	if masked == name {
		return name
	}
	return masked + sealedMark + letters.EncodeToString(sealed(d.TokenKey, namePurpose, []byte(name), nameTag))
}

// fullName is the name that maskedName masked, and any other as it is.
func (d *Deps) fullName(name string) string {
	i := strings.LastIndex(name, sealedMark)
	if i < 0 {
		return name
	}
	b, err := letters.DecodeString(name[i+1:])
	if err != nil {
		return name
	}
	for _, key := range append([][]byte{d.TokenKey}, d.FormerTokenKeys...) {
		if full, ok := unsealed(key, namePurpose, b, nameTag); ok {
			return string(full)
		}
	}
	return name
}

// Fields of messages in which such names stand, those in which a name of the API may hold one, and texts that nobody
// sends back.
var (
	nameFields = map[protoreflect.Name]bool{"call_id": true, "call_ids": true, "agent": true, "line": true,
		"lines": true, "source": true}
	textFields = map[protoreflect.Name]bool{"part": true, "note": true, "reason": true, "release_reason": true,
		"actor": true, "reviewer": true, "about": true, "message": true, "freeze_reason": true,
		"example": true}
	// notNames are fields of those names that hold something else.
	notNames = map[protoreflect.FullName]bool{"refrain.v1.RuleSet.source": true,
		"refrain.v1.CheckRulesRequest.source": true, "refrain.v1.TestRulesRequest.source": true,
		"refrain.v1.ActivateRulesRequest.source": true}
)

const callNames = "calls/"

// mask hides numbers that stand in names of an answer from whoever may not see them.
func (d *Deps) mask(ctx context.Context, answer any) {
	m, ok := answer.(proto.Message)
	if p, _ := access.Of(ctx); ok && p.Masked() {
		rename(m.ProtoReflect(), d.maskedName, number.MaskName)
	}
}

// unmask puts names in full in the place of masked ones that a request has. Programs that tell the server of calls
// get none.
func (d *Deps) unmask(ctx context.Context, req any) {
	p, _ := access.Of(ctx)
	if m, ok := req.(proto.Message); ok && p.Role != access.Dialler && p.Role != access.Recorder {
		rename(m.ProtoReflect(), d.fullName, func(text string) string { return text })
	}
}

// maskError is mask for what went wrong.
func (d *Deps) maskError(ctx context.Context, err error) error {
	p, _ := access.Of(ctx)
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || !p.Masked() {
		return err
	}
	masked := *e
	masked.Subject = renamed(e.Subject, d.maskedName)
	masked.Message = number.MaskName(e.Message)
	masked.Fields = each(e.Fields, func(f fault.Field) fault.Field {
		f.Problem = number.MaskName(f.Problem)
		return f
	})
	masked.Meta = maps.Clone(e.Meta)
	for key, text := range masked.Meta {
		masked.Meta[key] = number.MaskName(text)
	}
	return &masked
}

// renamed is the name of a call with another id, and any other name of the API as it is.
func renamed(name string, change func(string) string) string {
	if id, ok := strings.CutPrefix(name, callNames); ok {
		return callNames + change(id)
	}
	return name
}

// rename changes the names and the texts of a message, and of those in it.
func rename(m protoreflect.Message, name, text func(string) string) {
	if !holdsAny(m.Descriptor()) {
		return
	}
	m.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		change := changeOf(field, name, text)
		switch {
		case field.IsMap():
			if field.MapValue().Message() != nil {
				v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					rename(v.Message(), name, text)
					return true
				})
			}
		case field.Message() != nil && field.IsList():
			for i := range v.List().Len() {
				rename(v.List().Get(i).Message(), name, text)
			}
		case field.Message() != nil:
			rename(v.Message(), name, text)
		case change == nil:
		case field.IsList():
			for i := range v.List().Len() {
				if old := v.List().Get(i).String(); change(old) != old {
					v.List().Set(i, protoreflect.ValueOfString(change(old)))
				}
			}
		default:
			if old := v.String(); change(old) != old { // else it may be shared with other answers
				m.Set(field, protoreflect.ValueOfString(change(old)))
			}
		}
		return true
	})
}

// changeOf is what becomes of a field's texts, nil where nothing does.
func changeOf(field protoreflect.FieldDescriptor, name, text func(string) string) func(string) string {
	switch {
	case field.Kind() != protoreflect.StringKind, field.IsMap(), notNames[field.FullName()]:
		return nil
	case nameFields[field.Name()]:
		return name
	case textFields[field.Name()]:
		return text
	case field.Name() == "name", field.Name() == "same_number_as":
		return func(old string) string { return renamed(old, name) }
	}
	return nil
}

// holding is what holdsAny said of the kinds of messages that it was asked about: transcripts are long, and hold
// none.
var holding sync.Map

// holdsAny tells whether there are names or texts in a message, or in those in it.
func holdsAny(m protoreflect.MessageDescriptor) bool {
	if known, ok := holding.Load(m.FullName()); ok {
		return known.(bool) //nolint:forcetypeassert // it holds nothing else
	}
	is := holdsNames(m, map[protoreflect.FullName]bool{})
	holding.Store(m.FullName(), is)
	return is
}

func holdsNames(m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	if seen[m.FullName()] {
		return false
	}
	seen[m.FullName()] = true
	none := func(s string) string { return s }
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		if changeOf(field, none, none) != nil || field.Message() != nil && holdsNames(field.Message(), seen) {
			return true
		}
	}
	return false
}
