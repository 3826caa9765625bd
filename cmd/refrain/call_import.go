package main

import (
	"context"

	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const callImportHelp = `Import reports of calls from a file.

CSV needs a first line that names its columns: call_id, number, start (RFC 3339), and
outcome, or code with code_system (sip, freeswitch or asterisk). It may have agent,
line, caller_id, talk_seconds, ended_by (customer, agent or system) and revision. A file
named *.jsonl has an object with the same fields in every line.

` + importHelp

// importHelp is the same for all imports.
const importHelp = `Rows that can't be taken are put into a file of rejects, in the same form with a column
more that says why; the others go on. Mend that file and import it. An import can be
repeated: what is known already changes nothing. A row must stand in one line.

JSON: {"file","rows","taken","rejected","rejects"}. Exit codes: 0 all taken, 1 failed or
rows were rejected, 2 wrong use.`

// callLayout are the columns of reports.
var callLayout = layout{needed: 3, columns: []string{"call_id", "number", "start", "agent", "outcome", "talk_seconds", "line", "caller_id",
	"ended_by", "code", "code_system", "revision"}}

func newCallImport(k *calling) *cobra.Command {
	var rejectFile string
	cmd := &cobra.Command{
		Use: "import FILE.csv|FILE.jsonl", Short: "Report calls from a file", Args: one("FILE"), Long: callImportHelp,
		Example: "  refrain call import cdr.csv\n  refrain call import cdr.jsonl --rejects bad.jsonl",
	}
	rejectsFlag(cmd, &rejectFile)
	cmd.RunE = k.work(func(cmd *cobra.Command, args []string) error {
		return k.client.with(func(cl *client) error {
			im := &importing[*pb.Call]{
				console: k.console, format: *k.format, layout: callLayout, rejects: rejectFile, parse: callOfRow,
				send: func(ctx context.Context, batch []*pb.Call) ([]string, error) { return reportAll(ctx, cl, batch) },
			}
			return im.run(cmd.Context(), args[0])
		})
	})
	return cmd
}

func callOfRow(r record) (*pb.Call, error) {
	call, wrong := parseCall(r.fields)
	if wrong != nil {
		return nil, wrong
	}
	return call, nil
}

// reportAll reports a batch. It gives why each was refused, "" for what was taken.
func reportAll(ctx context.Context, cl *client, batch []*pb.Call) ([]string, error) {
	resp, err := cl.calls.BatchReportCalls(ctx, &pb.BatchReportCallsRequest{Calls: batch})
	if err != nil {
		return nil, err
	}
	why := make([]string, len(resp.GetResults()))
	for i, r := range resp.GetResults() {
		why[i] = r.GetError().GetMessage()
	}
	return why, nil
}
