package grpcapi

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"sync"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/refrain-asr/refrain/internal/limit"
	"github.com/refrain-asr/refrain/internal/rpcstatus"
)

// An empty call takes two bytes on the wire and hundreds in memory. So a message is weighed before it
// is decoded: what it will take must be below its method's limit and fit into the memory that all
// messages share, where it counts until its handler is done.

// Limits of one message, in bytes as it lies in memory. A thousand calls or freezes take less than a
// megabyte, unless there are long notes in them.
const (
	mostWeight = 8 << 20
	// mostSmall is for the gate, and for requests that are answered by a stream, which may last
	// for days.
	mostSmall = 512 << 10
	// gateMemory is what the gate's messages share among them.
	gateMemory = 16 << 20
)

// Limits by which refusals are counted.
const (
	limitMessage = "message" // too large by itself
	limitMemory  = "memory"
	limitUploads = "uploads"
	limitStalled = "stalled"
	limitCalls   = "calls"
)

// weighing takes what a call's messages weigh.
type weighing struct {
	//nolint:containedctx // the codec that it is for gets none
	ctx     context.Context
	most    int64
	share   *limit.Share
	limited func(by string)
}

// take takes memory for a message of so many bytes on the wire.
func (w *weighing) take(n int64) error {
	err := w.share.Grow(w.ctx, n)
	if errors.Is(err, limit.ErrTooMuch) {
		w.limited(limitMessage)
		return rpcstatus.WithDetails(status.New(codes.InvalidArgument, "the request is too large: it takes more memory than "+
			"limits.memory_mib has for one; send it in parts"),
			&errdetails.ErrorInfo{Reason: "MESSAGE_TOO_LARGE", Domain: rpcstatus.Domain})
	}
	if errors.Is(err, limit.ErrMemory) {
		w.limited(limitMemory)
		return tooBusy("SERVER_BUSY", "the server is reading as many requests as it has memory for; try again "+
			"in a moment")
	}
	return err
}

// weigh takes memory for what a message on the wire will be in memory.
func (w *weighing) weigh(wire []byte, message any) error {
	m, ok := message.(proto.Message)
	if !ok {
		return nil
	}
	s := scale{left: w.most, most: map[protoreflect.Name]int{}}
	s.message(wire, m.ProtoReflect().Descriptor(), 0)
	if s.left < 0 {
		w.limited(limitMessage)
		return s.tooLarge(w.most)
	}
	return w.take(w.most - s.left)
}

// tooBusy says that there is not enough of something at the moment.
func tooBusy(reason, message string) error {
	return rpcstatus.WithDetails(status.New(codes.ResourceExhausted, message),
		&errdetails.ErrorInfo{Reason: reason, Domain: rpcstatus.Domain})
}

// scale weighs a message without decoding it.
type scale struct {
	// left is what it may still weigh, in bytes; below 0 the rest isn't looked at.
	left int64
	// most counts the entries of the message's own lists.
	most map[protoreflect.Name]int
}

// What there is around a value in memory, in bytes. A list that grows has room for up to twice as many.
const (
	aroundNumber  = 2 * 8
	aroundText    = 2 * 16
	aroundBytes   = 2 * 24
	aroundMessage = 2 * 8
)

// message weighs what is within a message. What can't be read ends it: decoding says what is wrong.
func (s *scale) message(wire []byte, d protoreflect.MessageDescriptor, depth int) {
	const deepest = 100
	s.left -= sizeOf(d)
	for len(wire) > 0 && s.left >= 0 && depth < deepest {
		num, typ, n := protowire.ConsumeTag(wire)
		if n < 0 {
			return
		}
		wire = wire[n:]
		if n = protowire.ConsumeFieldValue(num, typ, wire); n < 0 {
			return
		}
		value := wire[:n]
		wire = wire[n:]
		f := d.Fields().ByNumber(num)
		if f == nil { // it is kept as it is
			s.left -= 2 * int64(n+binaryTag)
			continue
		}
		if depth == 0 && f.IsList() {
			s.most[f.Name()]++
		}
		s.value(value, typ, f, depth)
	}
}

// binaryTag is what stands before a value, in bytes.
const binaryTag = 5

func (s *scale) value(wire []byte, typ protowire.Type, f protoreflect.FieldDescriptor, depth int) {
	if typ != protowire.BytesType {
		s.left -= aroundNumber
		return
	}
	inner, n := protowire.ConsumeBytes(wire)
	if n < 0 {
		return
	}
	switch f.Kind() {
	case protoreflect.StringKind:
		s.left -= aroundText + int64(len(inner))
	case protoreflect.BytesKind:
		s.left -= aroundBytes + int64(len(inner))
	case protoreflect.MessageKind, protoreflect.GroupKind:
		s.left -= aroundMessage
		s.message(inner, f.Message(), depth+1)
	default: // packed numbers, of a byte or more each
		s.left -= aroundNumber * int64(len(inner))
	}
}

// tooLarge says which list is to be sent in parts, where it is one.
func (s *scale) tooLarge(most int64) error {
	text := fmt.Sprintf("the request is too large: it would take more than %d KiB of memory", most>>10)
	info := &errdetails.ErrorInfo{Reason: "MESSAGE_TOO_LARGE", Domain: rpcstatus.Domain}
	longest, n := protoreflect.Name(""), 1
	for name, count := range s.most {
		if count > n {
			longest, n = name, count
		}
	}
	if longest == "" {
		return rpcstatus.WithDetails(status.New(codes.InvalidArgument, text), info)
	}
	problem := "has more than " + strconv.Itoa(n-1) + " entries; send them in parts"
	return rpcstatus.WithDetails(status.New(codes.InvalidArgument, text+"; "+string(longest)+" "+problem), info,
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: string(longest), Description: problem}}})
}

// sizes are of messages' Go structs, by their descriptors.
var sizes sync.Map

// sizeOf is how large a message is in memory without what it points to.
func sizeOf(d protoreflect.MessageDescriptor) int64 {
	if n, ok := sizes.Load(d); ok {
		return n.(int64) //nolint:forcetypeassert // nothing else is stored
	}
	n := int64(128) // an entry of a map, which has no type of its own
	if t, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName()); err == nil {
		n = int64(reflect.TypeOf(t.Zero().Interface()).Elem().Size())
	}
	sizes.Store(d, n)
	return n
}
