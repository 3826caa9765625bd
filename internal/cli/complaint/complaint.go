package complaint

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/importer"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/cli/when"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Note complaints that came in from outside. Each freezes its number until somebody
releases it.`

const importHelp = `Note complaints from a file.

The first line names the columns: number (of who complains), time (or a date) and source
(12321, carrier or own), and if you like text. 投诉号码 may be theirs or your own that they
complain of: where it is theirs, say --map number=投诉号码. A file named *.jsonl has an object with the same fields in every line.

` + importer.Help

// layout are the columns of complaints. 投诉号码 and 投诉电话 are no names of the number: with
// some they are who complains, with others the company's own number that is complained of.
var layout = sheet.Layout{Needed: 3, Columns: []string{"number", "time", "source", "text"},
	Numbers: []string{"number"}, Whole: true, Unclear: map[string][]string{"number": {"投诉号码", "投诉电话",
		"被投诉号码", "被投诉电话", "举报号码", "被举报号码"}},
	Names: map[string][][]string{
		"number": append([][]string{{"投诉人号码", "投诉人电话", "投诉人手机", "投诉人手机号", "举报人号码",
			"举报人电话", "举报人手机号", "用户号码", "用户手机号"}}, sheet.NumberNames...),
		"time": {{"投诉时间", "投诉日期", "受理时间", "complaint_time"}, {"时间", "日期", "date",
			"created_at"}},
		"source": {{"来源", "投诉来源", "投诉渠道", "渠道", "channel"}},
		"text":   {{"内容", "投诉内容", "描述", "content", "description"}, {"备注", "comment", "remark"}},
	}}

// New makes refrain complaint.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "complaint", Short: "Note complaints from outside, and list them", Long: help,
		Example: "  refrain complaint import complaints.csv\n  refrain complaint list --line loans"}
	usage.RequireSubcommand(cmd)
	flags, format := client.AddFlags(c, cmd), output.FormatFlag(cmd)
	options := &importer.Options{}
	imp := &cobra.Command{
		Use: "import FILE.csv|FILE.xlsx|FILE.jsonl", Short: "Note complaints from a file, and freeze their " +
			"numbers", Args: usage.OneArg("FILE"), Long: importHelp,
		Example: "  refrain complaint import complaints.csv",
	}
	options.Flags(imp)
	imp.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		return flags.With(func(cl *client.Client) error {
			im := &importer.Import[*pb.Complaint]{
				Console: c, Format: *format, Layout: layout, Options: options,
				Parse: func(r sheet.Row) (*pb.Complaint, error) { return parse(r, &options.Times) },
				Send: importer.AllOrNone("complaints",
					func(ctx context.Context, batch []*pb.Complaint) error {
						_, err := cl.Freezes.ImportComplaints(ctx,
							&pb.ImportComplaintsRequest{Complaints: batch})
						return err
					}),
			}
			return im.Run(cmd.Context(), args[0])
		})
	})
	cmd.AddCommand(imp, newList(&command{c, flags, format}))
	return cmd
}

func parse(r sheet.Row, times *when.Reader) (*pb.Complaint, error) {
	at, err := times.DayStart(r.Fields["time"])
	if err != nil {
		return nil, fmt.Errorf("time %q %w", r.Fields["time"], err)
	}
	return &pb.Complaint{Number: r.Fields["number"], Time: timestamppb.New(at.Time), Source: r.Fields["source"],
		Text: r.Fields["text"]}, nil
}
