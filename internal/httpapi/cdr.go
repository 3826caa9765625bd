package httpapi

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/httpapi/cdr"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// maxRecord is the largest call record, in bytes: they hold all variables of a channel, and
// are some 20 kB.
const maxRecord = 4 << 20

// records takes the call records of switches as those post them.
type records struct {
	calls  pb.CallServiceClient
	limits Limits
}

// freeSWITCH answers POST /cdr/freeswitch, to which mod_json_cdr and mod_xml_cdr post the
// record of each leg. A leg that the switch made is a report; the answer is as that of
// /report. One that came to the switch, and one to an extension, is answered with "ignored":
// it is no call to a customer.
func (p records) freeSWITCH(w http.ResponseWriter, r *http.Request) {
	share := p.limits.Memory.ShareLeaving(forCall)
	defer share.End()
	body, err := readAll(r, maxRecord, share, func(more []byte) error {
		return share.Grow(r.Context(), int64(len(more)*perRecordByte))
	})
	if err != nil {
		failBody(w, p.limits.bodyError(err))
		return
	}
	record, err := cdr.Read(body)
	if err != nil {
		http.Error(w, "error: "+err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if !record.Outbound() {
		_, _ = fmt.Fprintln(w, "ignored inbound") // whoever posted may be gone
		return
	}
	call, err := record.Call()
	if err != nil {
		http.Error(w, "error: "+err.Error(), http.StatusBadRequest)
		return
	}
	resp, err := p.calls.ReportCall(r.Context(), &pb.ReportCallRequest{Call: call})
	if leg := record.Leg(); status.Code(err) == codes.AlreadyExists && leg != "" && leg != call.GetCallId() {
		// The leg that it began with called somebody else, or the same another time.
		call.CallId = leg
		resp, err = p.calls.ReportCall(r.Context(), &pb.ReportCallRequest{Call: call})
	}
	switch {
	case err == nil:
		writeResult(w, resp.GetResult())
	case isAbout(err, "number") && !cdr.IsExtension(call.GetNumber()):
		http.Error(w, fmt.Sprintf("error: %q is not a telephone number; if the switch dials something "+
			"before it, name that in numbers.prefixes of refrain.yaml", call.GetNumber()),
			http.StatusBadRequest)
	case isAbout(err, "number") && !record.ByTrunk():
		_, _ = fmt.Fprintln(w, "ignored extension")
	default:
		fail(w, err)
	}
}

// failBody answers in plain text that a body can't be taken.
func failBody(w http.ResponseWriter, err error) {
	code, word := http.StatusBadRequest, "error"
	if custom, ok := errors.AsType[*runtime.HTTPStatusError](err); ok {
		code, err = custom.HTTPStatus, custom.Err
	}
	if code == http.StatusRequestTimeout {
		word = "unavailable"
	}
	if code == http.StatusServiceUnavailable {
		word = "unavailable"
		w.Header().Set("Retry-After", retryAfter)
	}
	http.Error(w, word+": "+status.Convert(err).Message(), code)
}

// isAbout reports whether a request was refused for that field, and no other.
func isAbout(err error, field string) bool {
	for _, d := range status.Convert(err).Details() {
		bad, ok := d.(*errdetails.BadRequest)
		if ok && len(bad.GetFieldViolations()) == 1 {
			return bad.GetFieldViolations()[0].GetField() == field
		}
	}
	return false
}
