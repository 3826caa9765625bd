package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const callHelp = `Report calls, so that the rules count them.

A call is known by its id. Reporting the same again changes nothing; a later report
with a higher revision corrects it. Say how it ended with an outcome (answered,
rejected, no_answer, busy, unreachable, voicemail, cancelled, failed, invalid_number),
or with the code of your switch, which the server translates.`

const callExample = `  refrain call report 4711 --number 13800138000 --start 2026-03-02T09:15:00+08:00 --outcome rejected
  refrain call report 4712 --number 13800138000 --start 2026-03-02T09:20:00+08:00 --sip 486
  refrain call import cdr.csv`

const callImportHelp = `Import reports of calls from a file.

CSV needs a first line that names its columns: call_id, number, start (RFC 3339), and
outcome, or code with code_system (sip, freeswitch or asterisk). It may have agent,
line, caller_id, talk_seconds, ended_by (customer, agent or system) and revision. A file
named *.jsonl has an object with the same fields in every line.

Rows that can't be taken are put into a file of rejects with the reason, the others
go on. An import can be repeated: what is known already changes nothing.

JSON: {"file","rows","taken","rejected","rejects"}. Exit codes: 0 all taken, 1 failed or
rows were rejected, 2 wrong use.`

// calling is what the commands of call share.
type calling struct {
	*console
	client *clientFlags
	format *format
}

func newCall(c *console) *cobra.Command {
	cmd := &cobra.Command{Use: "call", Short: "Report calls, so that the rules count them", Long: callHelp, Example: callExample}
	chooses(cmd)
	k := &calling{c, addClientFlags(c, cmd), formatFlag(cmd)}
	cmd.AddCommand(newCallReport(k), newCallImport(k), newCallShow(k), newCallList(k))
	return cmd
}

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
	{"code", "code", "what the source calls the outcome"},
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
		Example: "  refrain call report 4711 --number 13800138000 --start 2026-03-02T09:15:00+08:00 --outcome answered --talk-seconds 12.5",
	}
	for _, f := range callFields {
		fields[f.name] = cmd.Flags().String(strings.ReplaceAll(f.name, "_", "-"), "", "`"+f.what+"`: "+f.help)
	}
	codes := map[string]*string{}
	for _, f := range codeFlags {
		codes[f.name] = cmd.Flags().String(f.name, "", f.help)
	}
	cmd.MarkFlagsMutuallyExclusive("outcome", "sip", "freeswitch", "asterisk")
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
		for _, needed := range []string{"number", "start"} {
			if row[needed] == "" {
				return misuse("--%s is needed", needed)
			}
		}
		call, err := parseCall(row)
		if err != nil {
			return misuse("--%s", strings.ReplaceAll(err.Error(), "_", "-"))
		}
		return k.report(cmd.Context(), call)
	})
	return cmd
}

// parseCall makes a call of what a row or flags say. Its errors name the field first.
func parseCall(row map[string]string) (*pb.Call, error) {
	call := &pb.Call{CallId: row["call_id"], Number: row["number"], Agent: row["agent"], Line: row["line"], CallerId: row["caller_id"], Code: row["code"]}
	var err error
	if call.StartTime, err = parseTime(row["start"]); err != nil {
		return nil, fmt.Errorf("start %q %w", row["start"], err)
	}
	if call.Outcome, err = parseEnum[pb.Outcome](row["outcome"], "OUTCOME_", pb.Outcome_value); err != nil {
		return nil, fmt.Errorf("outcome %w", err)
	}
	if call.EndedBy, err = parseEnum[pb.Party](row["ended_by"], "PARTY_", pb.Party_value); err != nil {
		return nil, fmt.Errorf("ended_by %w", err)
	}
	if call.CodeSystem, err = parseEnum[pb.CodeSystem](row["code_system"], "CODE_SYSTEM_", pb.CodeSystem_value); err != nil {
		return nil, fmt.Errorf("code_system %w", err)
	}
	if call.Outcome == 0 && call.CodeSystem == 0 {
		return nil, errors.New("outcome is missing; give it, or a code with its code_system")
	}
	if text := row["talk_seconds"]; text != "" {
		s, err := strconv.ParseFloat(text, 64)
		if err != nil || s < 0 || s > (24*time.Hour).Seconds() {
			return nil, fmt.Errorf("talk_seconds %q must be seconds from 0 to 86400, such as 12.5", text)
		}
		call.Talk = durationpb.New(fromSeconds(s))
	}
	if text := row["revision"]; text != "" {
		if call.Revision, err = strconv.ParseInt(text, 10, 64); err != nil || call.Revision < 1 {
			return nil, fmt.Errorf("revision %q must be a whole number from 1", text)
		}
	}
	return call, nil
}

// parseEnum reads a value of an enum by its name without the prefix, in any case; ""
// is the unspecified one.
func parseEnum[E ~int32](text, prefix string, values map[string]int32) (E, error) {
	if text == "" {
		return 0, nil
	}
	v, ok := values[prefix+strings.ToUpper(strings.ReplaceAll(text, "-", "_"))]
	if ok && v != 0 {
		return E(v), nil
	}
	var known []string
	for i := int32(1); int(i) < len(values); i++ {
		for name, v := range values {
			if v == i {
				known = append(known, strings.ToLower(strings.TrimPrefix(name, prefix)))
			}
		}
	}
	return 0, fmt.Errorf("%q is not known; use %s", text, strings.Join(known, ", "))
}

func (k *calling) report(ctx context.Context, call *pb.Call) error {
	cl, err := k.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	resp, err := cl.calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call})
	if err != nil {
		return err
	}
	r := resp.GetResult()
	status := enumName(r.GetStatus(), "STATUS_")
	if *k.format == formatJSON {
		line := newCallLine(r.GetCall())
		line.Status, line.Freezes = &status, r.GetFreezes()
		return k.json(line)
	}
	text := fmt.Sprintf("call %s of %s is %s: %s", r.GetCall().GetCallId(), r.GetCall().GetMaskedNumber(), status, outcomeName(r.GetCall()))
	if len(r.GetFreezes()) > 0 {
		text += "; the number is now frozen: " + strings.Join(r.GetFreezes(), ", ")
	}
	return k.println(text)
}

// callLine is a call as JSON.
type callLine struct {
	CallID     string   `json:"call_id"`
	Number     string   `json:"number"` // masked
	Agent      string   `json:"agent"`
	Line       string   `json:"line"`
	CallerID   string   `json:"caller_id"`
	Start      *string  `json:"start"`
	Outcome    string   `json:"outcome"`
	Talk       float64  `json:"talk_seconds"`
	EndedBy    *string  `json:"ended_by"`
	Code       string   `json:"code"`
	Revision   int64    `json:"revision"`
	Untrusted  bool     `json:"untrusted"`
	Status     *string  `json:"status,omitempty"`
	Freezes    []string `json:"freezes,omitempty"`
	Recordings []string `json:"recordings,omitempty"`
}

func newCallLine(c *pb.Call) callLine {
	l := callLine{
		CallID: c.GetCallId(), Number: c.GetMaskedNumber(), Agent: c.GetAgent(), Line: c.GetLine(), CallerID: c.GetCallerId(),
		Start: jsonTime(c.GetStartTime()), Outcome: outcomeName(c), Talk: seconds(c.GetTalk().AsDuration()), Code: c.GetCode(),
		Revision: c.GetRevision(), Untrusted: c.GetUntrusted(),
	}
	if c.GetEndedBy() != 0 {
		l.EndedBy = orNull(enumName(c.GetEndedBy(), "PARTY_"))
	}
	return l
}

// outcomeName is "reserved" for a call that was not reported yet.
func outcomeName(c *pb.Call) string {
	if c.GetOutcome() == pb.Outcome_OUTCOME_UNSPECIFIED {
		return "reserved"
	}
	return enumName(c.GetOutcome(), "OUTCOME_")
}

func newCallImport(k *calling) *cobra.Command {
	var rejectFile string
	cmd := &cobra.Command{
		Use: "import FILE.csv|FILE.jsonl", Short: "Report calls from a file", Args: one("FILE"), Long: callImportHelp,
		Example: "  refrain call import cdr.csv\n  refrain call import cdr.jsonl --rejects bad.jsonl",
	}
	rejectsFlag(cmd, &rejectFile)
	cmd.RunE = k.work(func(cmd *cobra.Command, args []string) error {
		cl, err := k.client.dial()
		if err != nil {
			return err
		}
		defer cl.close()
		im := &importing[*pb.Call]{
			console: k.console, format: *k.format, layout: callLayout, rejects: rejectFile,
			parse: func(r record) (*pb.Call, error) { return parseCall(r.fields) },
			send: func(ctx context.Context, batch []*pb.Call) ([]string, error) {
				resp, err := cl.calls.BatchReportCalls(ctx, &pb.BatchReportCallsRequest{Calls: batch})
				if err != nil {
					return nil, err
				}
				why := make([]string, len(resp.GetResults()))
				for i, r := range resp.GetResults() {
					why[i] = r.GetError().GetMessage()
				}
				return why, nil
			},
		}
		return im.run(cmd.Context(), args[0])
	})
	return cmd
}

// callLayout are the columns of reports.
var callLayout = layout{needed: 3, columns: []string{"call_id", "number", "start", "agent", "outcome", "talk_seconds", "line", "caller_id",
	"ended_by", "code", "code_system", "revision"}}

func newCallShow(k *calling) *cobra.Command {
	return &cobra.Command{
		Use: "show CALL-ID", Short: "Show a call and its recordings", Args: one("CALL-ID"), Example: "  refrain call show 4711",
		RunE: k.work(func(cmd *cobra.Command, args []string) error {
			cl, err := k.client.dial()
			if err != nil {
				return err
			}
			defer cl.close()
			resp, err := cl.calls.GetCall(cmd.Context(), &pb.GetCallRequest{Name: "calls/" + args[0]})
			if err != nil {
				return err
			}
			line := newCallLine(resp.GetCall())
			line.Recordings = resp.GetRecordings()
			if *k.format == formatJSON {
				return k.json(line)
			}
			if err := k.tell([]*pb.Call{resp.GetCall()}, true); err != nil {
				return err
			}
			return k.println(line.Recordings...)
		}),
	}
}

func newCallList(k *calling) *cobra.Command {
	req := pb.ListCallsRequest{PageSize: 500}
	var since string
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List calls, newest first", Args: none,
		Example: "  refrain call list --number 13800138000\n  refrain call list --since 2026-03-02T00:00:00+08:00 --limit 0",
		RunE: k.work(func(cmd *cobra.Command, _ []string) error {
			if limit < 0 {
				return misuse("--limit %d must be 0 (no limit) or more", limit)
			}
			if since != "" {
				t, err := time.Parse(time.RFC3339, since)
				if err != nil {
					return misuse("--since %q must be a time with its zone, such as 2026-03-05T14:30:00+08:00", since)
				}
				req.StartTime = timestamppb.New(t)
			}
			return k.list(cmd.Context(), &req, limit)
		}),
	}
	cmd.Flags().StringVar(&req.Number, "number", "", "only calls to this `number`")
	cmd.Flags().StringVar(&since, "since", "", "only calls that began at this `RFC 3339` time or later")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many; 0 for all")
	return cmd
}

func (k *calling) list(ctx context.Context, req *pb.ListCallsRequest, limit int) error {
	cl, err := k.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	for head := true; ; head = false {
		resp, err := cl.calls.ListCalls(ctx, req)
		if err != nil {
			return err
		}
		page := resp.GetCalls()
		if limit > 0 {
			page = page[:min(limit, len(page))]
		}
		if err := k.tell(page, head); err != nil {
			return err
		}
		req.PageToken = resp.GetNextPageToken()
		if limit -= len(page); req.PageToken == "" || limit == 0 {
			return nil
		}
	}
}

func (k *calling) tell(calls []*pb.Call, head bool) error {
	if *k.format == formatJSON {
		for _, c := range calls {
			if err := k.json(newCallLine(c)); err != nil {
				return err
			}
		}
		return nil
	}
	if head && len(calls) == 0 {
		return k.println("no calls")
	}
	var t table
	if head {
		t.add("CALL", "NUMBER", "AGENT", "LINE", "START", "OUTCOME", "TALK", "CODE")
	}
	for _, c := range calls {
		t.add(c.GetCallId(), c.GetMaskedNumber(), c.GetAgent(), c.GetLine(), textTime(c.GetStartTime()), outcomeName(c),
			fmt.Sprintf("%.0f s", c.GetTalk().AsDuration().Seconds()), c.GetCode())
	}
	return t.write(k.out)
}
