package httpapi

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// plainCalls takes reports from switches that can send forms, but can't be trusted with
// JSON: older Asterisks lose its quotes.
type plainCalls struct{ calls pb.CallServiceClient }

// reportFields are those of /report.
const reportFields = "call_id number start outcome code system line agent caller_id talk ended_by " +
	"revision virtual"

// report answers POST /report with call_id, number, start (RFC 3339), and outcome (such as
// rejected), or code with system (sip, freeswitch or asterisk); and line, agent, caller_id,
// talk (such as 15.9s), ended_by, revision and virtual as they are known. The answer is one line of
// text: "reported", what became of it, and what rules froze because of it ("-" for nothing).
func (p plainCalls) report(w http.ResponseWriter, r *http.Request) {
	f := form{value: r.FormValue}
	call := f.call()
	if f.err != nil {
		http.Error(w, "error: "+f.err.Error(), http.StatusBadRequest)
		return
	}
	resp, err := p.calls.ReportCall(r.Context(), &pb.ReportCallRequest{Call: call})
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err != nil {
		fail(w, err)
		return
	}
	writeResult(w, resp.GetResult())
}

// writeResult says what became of a report.
func writeResult(w http.ResponseWriter, r *pb.CallResult) {
	froze := "-"
	if names := r.GetFreezes(); len(names) > 0 {
		froze = strings.Join(names, ",")
	}
	became := strings.ToLower(strings.TrimPrefix(r.GetStatus().String(), "STATUS_"))
	_, err := fmt.Fprintln(w, "reported", became, froze)
	_ = err // whoever reported is gone
}

// form reads the fields of a report. It remembers what is wrong with the last that could
// not be read; what is left out, the API finds.
type form struct {
	value func(name string) string
	err   error
}

func (f *form) call() *pb.Call {
	return &pb.Call{
		CallId: f.value("call_id"), Number: unplussed(f.value("number")),
		Line: f.value("line"), Agent: f.value("agent"),
		CallerId: unplussed(f.value("caller_id")), Code: f.value("code"),
		StartTime: read(f, "start", "time in RFC 3339, such as 2026-03-02T01:00:00Z", timeOf),
		Talk:      read(f, "talk", "duration, such as 15.9s", durationOf),
		Revision: read(f, "revision", "number",
			func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }),
		Outcome: pb.Outcome(read(f, "outcome", "outcome, such as rejected",
			oneOf("OUTCOME_", pb.Outcome_value))),
		EndedBy: pb.Party(read(f, "ended_by", "party: customer, agent or system",
			oneOf("PARTY_", pb.Party_value))),
		Virtual: read(f, "virtual", "true or false", strconv.ParseBool),
		CodeSystem: pb.CodeSystem(read(f, "system", "system: sip, freeswitch or asterisk",
			oneOf("CODE_SYSTEM_", pb.CodeSystem_value))),
	}
}

// read gives the zero value for a field that is absent or can't be read.
func read[T any](f *form, name, form string, parse func(string) (T, error)) T {
	var zero T
	text := f.value(name)
	if text == "" {
		return zero
	}
	v, err := parse(text)
	if err != nil {
		f.err = fmt.Errorf("%s is %q, which is no %s", name, text, form)
		return zero
	}
	return v
}

func timeOf(text string) (*timestamppb.Timestamp, error) {
	at, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+"))
	return timestamppb.New(at), err
}

func durationOf(text string) (*durationpb.Duration, error) {
	d, err := time.ParseDuration(text)
	return durationpb.New(d), err
}

// oneOf reads an enum's value by its name, with or without the prefix, in any case.
func oneOf(prefix string, values map[string]int32) func(string) (int32, error) {
	return func(text string) (int32, error) {
		v, ok := values[prefix+strings.TrimPrefix(strings.ToUpper(text), prefix)]
		if !ok {
			return 0, strconv.ErrSyntax
		}
		return v, nil
	}
}
