package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/refrain-asr/refrain/internal/rpcstatus"
)

// What nobody knows is refused: a misspelt field that is passed over makes a freeze without
// end, and a misspelt filter a list of everything.

// strictJSON refuses fields that a request doesn't have, and whatever stands behind it.
type strictJSON struct{ *runtime.JSONPb }

func newJSON() strictJSON {
	return strictJSON{&runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{EmitUnpopulated: true}}}
}

// NewDecoder implements runtime.Marshaler.
func (j strictJSON) NewDecoder(r io.Reader) runtime.Decoder {
	return runtime.DecoderFunc(func(v any) error {
		body, err := bytesOf(r)
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(body)) == 0 {
			return io.EOF // which is a request without fields
		}
		if err := json.Unmarshal(body, new(oneValue)); err != nil {
			return fmt.Errorf("the body is not readable as JSON: %w", err)
		}
		if err := j.JSONPb.Unmarshal(body, v); err != nil {
			return fmt.Errorf("the body can't be taken: %s", protoPrefix.ReplaceAllString(err.Error(), ""))
		}
		return nil
	})
}

// bytesOf reads a body, where that wasn't done yet.
func bytesOf(r io.Reader) ([]byte, error) {
	if w, ok := r.(whole); ok {
		return w.bytes, nil
	}
	return io.ReadAll(r)
}

// oneValue is any value of JSON, of which nothing is kept.
type oneValue struct{}

// UnmarshalJSON implements json.Unmarshaler.
func (*oneValue) UnmarshalJSON([]byte) error { return nil }

// protoPrefix is what protobuf begins its errors with; the space is one of two, by chance.
var protoPrefix = regexp.MustCompile("^proto:[ \u00a0]")

// asked is what stands behind the question mark of a REST request, and its method.
type asked struct {
	method string
	query  url.Values
}

type askedKey struct{}

// withAsked lets refuseUnknown know what was asked.
func withAsked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), askedKey{}, asked{r.Method, r.URL.Query()})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// check says what of the address didn't get into the request.
func (a asked) check(req proto.Message) error {
	for _, name := range slices.Sorted(maps.Keys(a.query)) {
		if a.method != http.MethodGet {
			return refusal(name, "stands in the address, where "+a.method+" takes nothing; put it "+
				"into the body as JSON")
		}
		field := fieldOf(req.ProtoReflect().Descriptor(), name)
		if field == nil {
			return refusal(name, "is no parameter of this address; it takes "+
				listed(fieldNames(req.ProtoReflect().Descriptor())))
		}
		text := field.Kind() == protoreflect.StringKind && !field.IsList() && !strings.Contains(name, ".")
		if text && req.ProtoReflect().Get(field).String() != a.query.Get(name) {
			return refusal(name, "is in the path already")
		}
	}
	return nil
}

// fieldOf finds a field by its name, or a field of a field by both.
func fieldOf(d protoreflect.MessageDescriptor, path string) (f protoreflect.FieldDescriptor) {
	for name := range strings.SplitSeq(path, ".") {
		if d == nil {
			return nil
		}
		if f = d.Fields().ByTextName(name); f == nil {
			f = d.Fields().ByJSONName(name)
		}
		if f == nil {
			return nil
		}
		d = f.Message()
	}
	return f
}

func fieldNames(d protoreflect.MessageDescriptor) (names []string) {
	for i := range d.Fields().Len() {
		names = append(names, string(d.Fields().Get(i).Name()))
	}
	return names
}

// listed names what there is to choose from.
func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// refusal is the answer to a request with a field that won't do.
func refusal(field, problem string) error {
	return rpcstatus.WithDetails(status.New(codes.InvalidArgument, "the request is not valid; "+field+" "+problem),
		&errdetails.ErrorInfo{Reason: "INVALID_REQUEST", Domain: rpcstatus.Domain},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: field, Description: problem},
		}})
}

// refuseUnknown is the last look at a request of REST's before it goes to the API: parameters
// that are read nowhere would be passed over.
func refuseUnknown(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker,
	opts ...grpc.CallOption,
) error {
	if err := checkAsked(ctx, req); err != nil {
		return err
	}
	if m, ok := req.(proto.Message); ok && proto.Size(m) > maxMessage {
		return withStatus(http.StatusRequestEntityTooLarge, codes.InvalidArgument, "BODY_TOO_LARGE",
			tooLargeError{fmt.Sprintf("what it says may have %d bytes", maxMessage)}.Error())
	}
	return call(ctx, method, req, reply, cc, opts...)
}

// refuseUnknownInStream does the same where the answer is a stream.
func refuseUnknownInStream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer,
	opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	s, err := open(ctx, desc, cc, method, opts...)
	return strictStream{s}, err
}

type strictStream struct{ grpc.ClientStream }

// SendMsg implements grpc.ClientStream.
func (s strictStream) SendMsg(m any) error {
	if err := checkAsked(s.Context(), m); err != nil {
		return err
	}
	return s.ClientStream.SendMsg(m)
}

func checkAsked(ctx context.Context, req any) error {
	a, ok := ctx.Value(askedKey{}).(asked)
	m, isMessage := req.(proto.Message)
	if !ok || !isMessage {
		return nil
	}
	return a.check(m)
}

// only refuses parameters and fields that are not among the names, and those given twice, of
// which one would be passed over. What the request needs, next finds.
func only(names string, next http.HandlerFunc) http.HandlerFunc {
	known := strings.Fields(names)
	return func(w http.ResponseWriter, r *http.Request) {
		values := r.Form // where a form was read; it has the address's parameters, too
		if values == nil {
			values = r.URL.Query()
		}
		for _, name := range slices.Sorted(maps.Keys(values)) {
			var problem string
			switch {
			case !slices.Contains(known, name):
				problem = "is not known; there are " + listed(known)
			case len(values[name]) > 1:
				problem = "is given twice"
			default:
				continue
			}
			http.Error(w, fmt.Sprintf("error: %.40q %s", name, problem), http.StatusBadRequest)
			return
		}
		next(w, r)
	}
}

// failREST answers with an error, and says when to ask again where that is worth it.
func failREST(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter,
	r *http.Request, err error,
) {
	custom, _ := errors.AsType[*runtime.HTTPStatusError](err)
	if c := status.Code(err); c == codes.ResourceExhausted || c == codes.Unavailable ||
		custom != nil && custom.HTTPStatus == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	runtime.DefaultHTTPErrorHandler(ctx, mux, m, w, r, err)
}

// retryAfter is when to ask again, in seconds.
const retryAfter = "1"

// notHere answers a method that an address doesn't take, and an address that there is not.
func notHere(ctx context.Context, mux *runtime.ServeMux, m runtime.Marshaler, w http.ResponseWriter,
	r *http.Request, code int,
) {
	if code == http.StatusNotFound {
		runtime.HTTPError(ctx, mux, m, w, r, status.Error(codes.NotFound, "there is no such address; GET / lists the "+
			"plain ones, and docs/integrate.md and proto/refrain/v1 those under /v1/"))
		return
	}
	if code != http.StatusMethodNotAllowed {
		runtime.DefaultRoutingErrorHandler(ctx, mux, m, w, r, code)
		return
	}
	runtime.HTTPError(ctx, mux, m, w, r, &runtime.HTTPStatusError{HTTPStatus: code,
		Err: status.Error(codes.Unimplemented, "this address does not take "+r.Method)})
}
