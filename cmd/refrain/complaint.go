package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const complaintHelp = `Note complaints that came in from outside. Each freezes its number until somebody
releases it.`

const complaintImportHelp = `Note complaints from a file.

CSV needs a first line that names its columns: number, time (RFC 3339) and source
(12321, carrier or own). It may have text. A file named *.jsonl has an object with the
same fields in every line.

` + importHelp

// complaintLayout are the columns of complaints.
var complaintLayout = layout{needed: 3, columns: []string{"number", "time", "source", "text"}}

func newComplaint(c *console) *cobra.Command {
	cmd := &cobra.Command{Use: "complaint", Short: "Note complaints from outside", Long: complaintHelp, Example: "  refrain complaint import complaints.csv"}
	chooses(cmd)
	flags, format := addClientFlags(c, cmd), formatFlag(cmd)
	var rejectFile string
	imp := &cobra.Command{
		Use: "import FILE.csv|FILE.jsonl", Short: "Note complaints from a file, and freeze their numbers", Args: one("FILE"), Long: complaintImportHelp,
		Example: "  refrain complaint import complaints.csv",
	}
	rejectsFlag(imp, &rejectFile)
	imp.RunE = c.work(func(cmd *cobra.Command, args []string) error {
		return flags.with(func(cl *client) error {
			im := &importing[*pb.Complaint]{
				console: c, format: *format, layout: complaintLayout, rejects: rejectFile, parse: parseComplaint,
				send: allOrNone("complaints", func(ctx context.Context, batch []*pb.Complaint) error {
					_, err := cl.freezes.ImportComplaints(ctx, &pb.ImportComplaintsRequest{Complaints: batch})
					return err
				}),
			}
			return im.run(cmd.Context(), args[0])
		})
	})
	cmd.AddCommand(imp)
	return cmd
}

func parseComplaint(r record) (*pb.Complaint, error) {
	at, err := parseTime(r.fields["time"])
	if err != nil {
		return nil, fmt.Errorf("time %q %w", r.fields["time"], err)
	}
	return &pb.Complaint{Number: r.fields["number"], Time: at, Source: r.fields["source"], Text: r.fields["text"]}, nil
}
