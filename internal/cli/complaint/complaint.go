package complaint

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/importer"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Note complaints that came in from outside. Each freezes its number until somebody
releases it.`

const importHelp = `Note complaints from a file.

CSV needs a first line that names its columns: number, time (RFC 3339) and source
(12321, carrier or own). It may have text. A file named *.jsonl has an object with the
same fields in every line.

` + importer.Help

// layout are the columns of complaints.
var layout = importer.Layout{Needed: 3, Columns: []string{"number", "time", "source", "text"}}

// New makes refrain complaint.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "complaint", Short: "Note complaints from outside", Long: help,
		Example: "  refrain complaint import complaints.csv"}
	usage.RequireSubcommand(cmd)
	flags, format := client.AddFlags(c, cmd), output.FormatFlag(cmd)
	var rejectFile string
	imp := &cobra.Command{
		Use: "import FILE.csv|FILE.jsonl", Short: "Note complaints from a file, and freeze their " +
			"numbers", Args: usage.OneArg("FILE"), Long: importHelp,
		Example: "  refrain complaint import complaints.csv",
	}
	importer.RejectsFlag(imp, &rejectFile)
	imp.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		return flags.With(func(cl *client.Client) error {
			im := &importer.Import[*pb.Complaint]{
				Console: c, Format: *format, Layout: layout, Rejects: rejectFile, Parse: parse,
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
	cmd.AddCommand(imp)
	return cmd
}

func parse(r importer.Row) (*pb.Complaint, error) {
	at, err := usage.Time(r.Fields["time"])
	if err != nil {
		return nil, fmt.Errorf("time %q %w", r.Fields["time"], err)
	}
	return &pb.Complaint{Number: r.Fields["number"], Time: at, Source: r.Fields["source"],
		Text: r.Fields["text"]}, nil
}
