package call

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/cli/when"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// fields are what can be said of a call, with their help.
var fields = []struct{ name, what, help string }{
	{"number", "number", "who was called"},
	{"start", "time", "when it began to be dialled"},
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

func newReport(k *command) *cobra.Command {
	values, times := map[string]*string{}, &when.Reader{}
	cmd := &cobra.Command{
		Use: "report CALL-ID --number N --start TIME", Short: "Report one call",
		Args: usage.OneArg("CALL-ID"),
		Example: "  refrain call report 4711 --number 13800138000 --start " +
			"2026-03-02T09:15:00+08:00 --outcome answered --talk-seconds 12.5\n" +
			"  refrain call report 4712 --number 13800138000 --start 2026-03-02T09:20:00+08:00 " +
			"--asterisk BUSY/21 --line trunk-a",
	}
	for _, f := range fields {
		values[f.name] = cmd.Flags().String(flagName(f.name), "", "`"+f.what+"`: "+f.help)
	}
	codes := map[string]*string{}
	for _, f := range codeFlags {
		codes[f.name] = cmd.Flags().String(f.name, "", f.help)
	}
	times.Flags(cmd)
	cmd.MarkFlagsMutuallyExclusive("outcome", "sip", "freeswitch", "asterisk")
	cmd.MarkFlagsMutuallyExclusive("code", "sip", "freeswitch", "asterisk")
	cmd.RunE = k.Action(func(cmd *cobra.Command, args []string) error {
		if err := times.Open(); err != nil {
			return usage.Errorf("%v", err)
		}
		call, err := callOfFlags(rowOf(args[0], values, codes), times)
		if err != nil {
			return err
		}
		if note := times.Note(); note != "" {
			k.Errorf("%s", note)
		}
		return k.report(cmd.Context(), call)
	})
	return cmd
}

// rowOf is what the flags say of a call, as a row of a file would.
func rowOf(id string, values, codes map[string]*string) map[string]string {
	row := map[string]string{"call_id": id}
	for name, v := range values {
		row[name] = *v
	}
	for system, v := range codes {
		if *v != "" {
			row["code"], row["code_system"] = *v, system
		}
	}
	return row
}

// flagName is the flag of a field.
func flagName(field string) string { return strings.ReplaceAll(field, "_", "-") }

// callOfFlags is parseCall, with words for somebody who typed flags.
func callOfFlags(row map[string]string, times *when.Reader) (*pb.Call, error) {
	for _, needed := range []string{"number", "start"} {
		if row[needed] == "" {
			return nil, usage.Errorf("--%s is needed", needed)
		}
	}
	if row["outcome"] == "" && row["code_system"] == "" {
		return nil, usage.Errorf("say how it ended: --outcome, or what your switch calls it with " +
			"--sip, --freeswitch or --asterisk")
	}
	call, wrong := parseCall(row, times.Timestamp)
	if wrong != nil {
		return nil, usage.Errorf("--%s %s", flagName(wrong.field), wrong.problem)
	}
	return call, nil
}

func (k *command) report(ctx context.Context, call *pb.Call) error {
	return k.client.With(func(cl *client.Client) error {
		resp, err := cl.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call})
		if err != nil {
			return err
		}
		return k.printResult(resp.GetResult())
	})
}

func (k *command) printResult(r *pb.CallResult) error {
	status := output.EnumName(r.GetStatus(), "STATUS_")
	if *k.format == output.JSON {
		line := newLine(r.GetCall())
		line.Status, line.Freezes = &status, r.GetFreezes()
		return k.JSON(line)
	}
	text := fmt.Sprintf("call %s of %s is %s: %s", number.MaskName(r.GetCall().GetCallId()),
		r.GetCall().GetMaskedNumber(), status, outcomeName(r.GetCall()))
	if r.GetStatus() == pb.CallResult_STATUS_STALE {
		text += " (a higher revision is known already, and counts)"
	}
	if len(r.GetFreezes()) > 0 {
		text += "; the number is now frozen: " + strings.Join(r.GetFreezes(), ", ")
	}
	return k.Println(text)
}
