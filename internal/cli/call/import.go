package call

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/importer"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const importHelp = `Import reports of calls from a file.

CSV needs a first line that names its columns: call_id, number, start (RFC 3339), and
outcome, or code with code_system (sip, freeswitch or asterisk). It may have agent,
line, caller_id, talk_seconds, ended_by (customer, agent or system), revision, and virtual
(true where the number stands for whoever uses it just now). A file named *.jsonl has an
object with the same fields in every line.

An answered call without talk_seconds is no short call: nobody said how long it was. Rows
with one call_id and revision are dials of one call, as Asterisk writes them: of those to
one number within 10 minutes the one that reached the customer counts.

` + importer.Help

// layout are the columns of reports.
var layout = importer.Layout{Needed: 3, Columns: []string{"call_id", "number", "start", "agent",
	"outcome", "talk_seconds", "line", "caller_id",
	"ended_by", "code", "code_system", "revision", "virtual"}}

func newImport(k *command) *cobra.Command {
	var rejectFile string
	var unknown int
	cmd := &cobra.Command{
		Use: "import FILE.csv|FILE.jsonl", Short: "Report calls from a file",
		Args: usage.OneArg("FILE"), Long: importHelp,
		Example: "  refrain call import cdr.csv\n" +
			"  refrain call import cdr.jsonl --rejects bad.jsonl",
	}
	importer.RejectsFlag(cmd, &rejectFile)
	cmd.RunE = k.Action(func(cmd *cobra.Command, args []string) error {
		return k.client.With(func(cl *client.Client) error {
			im := &importer.Import[*pb.Call]{
				Console: k.Console, Format: *k.format, Layout: layout, Rejects: rejectFile,
				Parse: callOfRow,
				Send: func(ctx context.Context, batch []*pb.Call) ([]string, error) {
					why, without, err := reportAll(ctx, cl, batch)
					unknown += without
					return why, err
				},
			}
			err := im.Run(cmd.Context(), args[0])
			if unknown > 0 {
				k.Errorf("%d answered calls came without talk_seconds: nobody said how long they were, so "+
					"no rule takes them for short", unknown)
			}
			return err
		})
	})
	return cmd
}

func callOfRow(r importer.Row) (*pb.Call, error) {
	call, wrong := parseCall(r.Fields)
	if wrong != nil {
		return nil, wrong
	}
	return call, nil
}

// reportAll reports a batch. It gives why each was refused, "" for what was taken, and how
// many were answered without a talk time.
func reportAll(
	ctx context.Context, cl *client.Client, batch []*pb.Call,
) (why []string, unknown int, err error) {
	resp, err := cl.Calls.BatchReportCalls(ctx, &pb.BatchReportCallsRequest{Calls: batch})
	if err != nil {
		return nil, 0, err
	}
	why = make([]string, len(resp.GetResults()))
	for i, r := range resp.GetResults() {
		why[i] = r.GetError().GetMessage()
		if talkUnknown(r.GetCall()) {
			unknown++
		}
	}
	return why, unknown, nil
}
