package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

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

func newCallShow(k *calling) *cobra.Command {
	return &cobra.Command{
		Use: "show CALL-ID", Short: "Show a call and its recordings", Args: one("CALL-ID"), Example: "  refrain call show 4711",
		RunE: k.work(func(cmd *cobra.Command, args []string) error {
			return k.client.with(func(cl *client) error {
				resp, err := cl.calls.GetCall(cmd.Context(), &pb.GetCallRequest{Name: "calls/" + args[0]})
				if err != nil {
					return err
				}
				line := newCallLine(resp.GetCall())
				line.Recordings = resp.GetRecordings()
				if *k.format == formatJSON {
					return k.json(line)
				}
				return k.show(resp)
			})
		}),
	}
}

// show tells all that is known of a call.
func (k *calling) show(resp *pb.GetCallResponse) error {
	c, l := resp.GetCall(), newCallLine(resp.GetCall())
	var t table
	for _, row := range [][2]string{
		{"call", l.CallID}, {"number", l.Number}, {"start", textTime(c.GetStartTime())}, {"outcome", l.Outcome}, {"talk", talkText(c)},
		{"ended by", orEmpty(l.EndedBy)}, {"agent", l.Agent}, {"line", l.Line}, {"caller id", l.CallerID}, {"code", l.Code},
		{"revision", strconv.FormatInt(l.Revision, 10)}, {"recordings", strings.Join(resp.GetRecordings(), " ")},
	} {
		if row[1] != "" {
			t.add(row[0], row[1])
		}
	}
	if l.Untrusted {
		t.add("untrusted", "its line looked like a failing trunk: rules don't take it as the customer's doing")
	}
	return t.write(k.out)
}

func talkText(c *pb.Call) string {
	if c.GetTalk() == nil {
		return ""
	}
	return fmt.Sprintf("%g s", rounded(c.GetTalk().AsDuration().Seconds(), 1))
}

func newCallList(k *calling) *cobra.Command {
	req := &pb.ListCallsRequest{}
	var since string
	var most limit
	cmd := &cobra.Command{
		Use: "list", Short: "List calls, newest first", Args: none,
		Example: "  refrain call list --number 13800138000\n  refrain call list --since 2026-03-02T00:00:00+08:00 --limit 0",
		RunE: k.work(func(cmd *cobra.Command, _ []string) error {
			if since != "" {
				var err error
				if req.StartTime, err = parseTime(since); err != nil {
					return misuse("--since %q %v", since, err)
				}
			}
			return k.client.with(func(cl *client) error { return k.list(cmd.Context(), cl, req, most) })
		}),
	}
	cmd.Flags().StringVar(&req.Number, "number", "", "only calls to this `number`")
	cmd.Flags().StringVar(&since, "since", "", "only calls that began at this `RFC 3339` time or later")
	limitFlag(cmd, &most, 100)
	return cmd
}

func (k *calling) list(ctx context.Context, cl *client, req *pb.ListCallsRequest, most limit) error {
	return most.pages(func(size int32, token string, first bool) (int, string, error) {
		req.PageSize, req.PageToken = size, token
		resp, err := cl.calls.ListCalls(ctx, req)
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetCalls()), resp.GetNextPageToken(), k.tell(resp.GetCalls(), first)
	})
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
		t.add(c.GetCallId(), c.GetMaskedNumber(), c.GetAgent(), c.GetLine(), textTime(c.GetStartTime()), outcomeName(c), talkText(c), c.GetCode())
	}
	return t.write(k.out)
}
