package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// callFields are what can be said of a call, with their help.
var callFields = []struct{ name, what, help string }{
	{"number", "number", "who was called"},
	{"start", "RFC 3339", "when it began to be dialled"},
	{"outcome", "outcome", "how it ended"},
	{"talk_seconds", "seconds", "how long both sides were connected"},
	{"agent", "agent", "who called"},
	{"line", "line", "the trunk or business line"},
	{"caller_id", "number", "the number that was shown"},
	{"ended_by", "party", "customer, agent or system"},
	{"revision", "n", "orders the reports of a call; the highest counts (default 1)"},
	{"code", "code", "what the source calls the outcome, beside --outcome"},
}

// codeFlags are the flags that give a code together with its system.
var codeFlags = []struct{ name, help string }{
	{"sip", "the SIP `status` code that ended it, such as 603"},
	{"freeswitch", "FreeSWITCH's hangup `cause`, such as CALL_REJECTED"},
	{"asterisk", "Asterisk's `DIALSTATUS`, with HANGUPCAUSE after a slash, such as BUSY/17"},
}

func newCallReport(k *calling) *cobra.Command {
	fields := map[string]*string{}
	cmd := &cobra.Command{
		Use: "report CALL-ID --number N --start TIME", Short: "Report one call", Args: one("CALL-ID"),
		Example: "  refrain call report 4711 --number 13800138000 --start 2026-03-02T09:15:00+08:00 --outcome answered --talk-seconds 12.5\n" +
			"  refrain call report 4712 --number 13800138000 --start 2026-03-02T09:20:00+08:00 --asterisk BUSY/21 --line trunk-a",
	}
	for _, f := range callFields {
		fields[f.name] = cmd.Flags().String(flagName(f.name), "", "`"+f.what+"`: "+f.help)
	}
	codes := map[string]*string{}
	for _, f := range codeFlags {
		codes[f.name] = cmd.Flags().String(f.name, "", f.help)
	}
	cmd.MarkFlagsMutuallyExclusive("outcome", "sip", "freeswitch", "asterisk")
	cmd.MarkFlagsMutuallyExclusive("code", "sip", "freeswitch", "asterisk")
	cmd.RunE = k.work(func(cmd *cobra.Command, args []string) error {
		row := map[string]string{"call_id": args[0]}
		for name, v := range fields {
			row[name] = *v
		}
		for name, v := range codes {
			if *v != "" {
				row["code"], row["code_system"] = *v, name
			}
		}
		call, err := callOfFlags(row)
		if err != nil {
			return err
		}
		return k.report(cmd.Context(), call)
	})
	return cmd
}

// flagName is the flag of a field.
func flagName(field string) string { return strings.ReplaceAll(field, "_", "-") }

// callOfFlags is parseCall, with words for somebody who typed flags.
func callOfFlags(row map[string]string) (*pb.Call, error) {
	for _, needed := range []string{"number", "start"} {
		if row[needed] == "" {
			return nil, misuse("--%s is needed", needed)
		}
	}
	if row["outcome"] == "" && row["code_system"] == "" {
		return nil, misuse("say how it ended: --outcome, or what your switch calls it with --sip, --freeswitch or --asterisk")
	}
	call, wrong := parseCall(row)
	if wrong != nil {
		return nil, misuse("--%s %s", flagName(wrong.field), wrong.problem)
	}
	return call, nil
}

// fieldError tells what is wrong with one field of a call.
type fieldError struct{ field, problem string }

func (e *fieldError) Error() string { return e.field + " " + e.problem }

// parseCall makes a call of what a row or flags say.
func parseCall(row map[string]string) (*pb.Call, *fieldError) {
	call := &pb.Call{CallId: row["call_id"], Number: row["number"], Agent: row["agent"], Line: row["line"], CallerId: row["caller_id"], Code: row["code"]}
	for _, f := range []struct {
		name string
		set  func(text string) error
	}{
		{"start", set(&call.StartTime, parseTime)},
		{"outcome", set(&call.Outcome, enumReader[pb.Outcome]("OUTCOME_", pb.Outcome_value))},
		{"ended_by", set(&call.EndedBy, enumReader[pb.Party]("PARTY_", pb.Party_value))},
		{"code_system", set(&call.CodeSystem, enumReader[pb.CodeSystem]("CODE_SYSTEM_", pb.CodeSystem_value))},
		{"talk_seconds", set(&call.Talk, parseTalk)},
		{"revision", set(&call.Revision, parseRevision)},
	} {
		if row[f.name] == "" {
			continue
		}
		if err := f.set(row[f.name]); err != nil {
			return nil, &fieldError{f.name, fmt.Sprintf("%q %v", row[f.name], err)}
		}
	}
	switch {
	case call.GetOutcome() == 0 && call.GetCodeSystem() == 0:
		return nil, &fieldError{"outcome", "is missing; give it, or a code with its code_system"}
	case call.GetOutcome() == 0 && call.GetCode() == "":
		return nil, &fieldError{"code", "is missing, and so is the outcome; give one of them"}
	}
	return call, nil
}

// set reads a value into a field.
func set[T any](to *T, read func(text string) (T, error)) func(text string) error {
	return func(text string) (err error) {
		*to, err = read(text)
		return err
	}
}

// parseTalk reads seconds. Its errors follow the name and the value, as those of
// parseRevision and of enum readers do.
func parseTalk(text string) (*durationpb.Duration, error) {
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || !(s >= 0 && s <= (24*time.Hour).Seconds()) { // NaN is neither
		return nil, errors.New("must be seconds from 0 to 86400, such as 12.5")
	}
	return durationpb.New(fromSeconds(s)), nil
}

func parseRevision(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, errors.New("must be a whole number from 1")
	}
	return n, nil
}

// enumReader reads values of an enum by their names without the prefix, in any case.
func enumReader[E ~int32](prefix string, values map[string]int32) func(text string) (E, error) {
	return func(text string) (E, error) {
		if v := values[prefix+strings.ToUpper(strings.ReplaceAll(text, "-", "_"))]; v != 0 {
			return E(v), nil
		}
		names := slices.SortedFunc(maps.Keys(values), func(a, b string) int { return cmp.Compare(values[a], values[b]) })
		known := strings.ToLower(strings.ReplaceAll(strings.Join(names[1:], ", "), prefix, "")) // the first is the unspecified one
		return 0, fmt.Errorf("is not known; use %s", known)
	}
}

func (k *calling) report(ctx context.Context, call *pb.Call) error {
	return k.client.with(func(cl *client) error {
		resp, err := cl.calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call})
		if err != nil {
			return err
		}
		return k.tellReported(resp.GetResult())
	})
}

func (k *calling) tellReported(r *pb.CallResult) error {
	status := enumName(r.GetStatus(), "STATUS_")
	if *k.format == formatJSON {
		line := newCallLine(r.GetCall())
		line.Status, line.Freezes = &status, r.GetFreezes()
		return k.json(line)
	}
	text := fmt.Sprintf("call %s of %s is %s: %s", r.GetCall().GetCallId(), r.GetCall().GetMaskedNumber(), status, outcomeName(r.GetCall()))
	if r.GetStatus() == pb.CallResult_STATUS_STALE {
		text += " (a higher revision is known already, and counts)"
	}
	if len(r.GetFreezes()) > 0 {
		text += "; the number is now frozen: " + strings.Join(r.GetFreezes(), ", ")
	}
	return k.println(text)
}
