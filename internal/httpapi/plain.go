package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// plain serves the gate to diallers that can do no more than fetch a page: one line of
// text, "allowed" or "refused" first, then the reason and until when ("-" for no end).
type plain struct{ gate pb.GateServiceClient }

// check answers GET /check?number=N, with line, agent and at (RFC 3339) as they are known.
func (p plain) check(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	req := &pb.CheckNumberRequest{Number: unplussed(q.Get("number")), Line: q.Get("line"),
		Agent: q.Get("agent")}
	if text := q.Get("at"); text != "" {
		at, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+"))
		if err != nil {
			http.Error(w, "error: at is no time in RFC 3339, such as 2026-03-02T09:00:00%2B08:00",
				http.StatusBadRequest)
			return
		}
		req.At = timestamppb.New(at)
	}
	resp, err := p.gate.CheckNumber(r.Context(), req)
	p.write(w, resp.GetAnswer(), err)
}

// reserveFields are those of /reserve. A start is taken, though the call begins now: dialplans make
// one form for both, /reserve and /report.
const reserveFields = "call_id number line agent caller_id hold start"

// reserve answers POST /reserve with call_id and number, and line, agent, caller_id and
// hold (such as 5m) as they are known.
func (p plain) reserve(w http.ResponseWriter, r *http.Request) {
	req := &pb.ReserveCallRequest{CallId: r.FormValue("call_id"),
		Number: unplussed(r.FormValue("number")), Line: r.FormValue("line"),
		Agent: r.FormValue("agent"), CallerId: unplussed(r.FormValue("caller_id"))}
	if text := r.FormValue("hold"); text != "" {
		hold, err := time.ParseDuration(text)
		if err != nil {
			http.Error(w, "error: hold is no duration, such as 5m", http.StatusBadRequest)
			return
		}
		req.Hold = durationpb.New(hold)
	}
	resp, err := p.gate.ReserveCall(r.Context(), req)
	p.write(w, resp.GetAnswer(), err)
}

// unplussed undoes what a form makes of the + before a country code that was not escaped.
func unplussed(s string) string {
	if rest, ok := strings.CutPrefix(s, " "); ok {
		return "+" + rest
	}
	return s
}

func (plain) write(w http.ResponseWriter, a *pb.Answer, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		fail(w, err)
		return
	}
	word, until := "refused", "-"
	if a.GetAllowed() {
		word = "allowed"
	}
	if a.GetUntil() != nil {
		until = a.GetUntil().AsTime().Format(time.RFC3339)
	}
	reason := strings.ToLower(strings.TrimPrefix(a.GetReason().String(), "REASON_"))
	_, err = fmt.Fprintln(w, word, reason, until)
	_ = err // whoever asked is gone
}

// fail answers "error" where the question will never do, and "unavailable" where there is
// no answer now: whoever can see the text alone must know which.
func fail(w http.ResponseWriter, err error) {
	s, _ := status.FromError(err)
	code, word := httpStatus(s.Code()), "error"
	if code >= http.StatusInternalServerError {
		word = "unavailable"
	}
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", retryAfter)
	}
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	http.Error(w, word+": "+s.Message(), code)
}

func httpStatus(c codes.Code) int {
	switch c {
	case codes.InvalidArgument:
		return http.StatusBadRequest
	case codes.FailedPrecondition, codes.AlreadyExists:
		return http.StatusConflict
	case codes.NotFound:
		return http.StatusNotFound
	case codes.PermissionDenied:
		return http.StatusForbidden
	case codes.Unauthenticated:
		return http.StatusUnauthorized
	case codes.Unavailable, codes.ResourceExhausted:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
