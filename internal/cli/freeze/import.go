package freeze

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/importer"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const importHelp = `Take freezes over from another system.

CSV needs a first line that names its columns: number and reason. It may have start and
end (RFC 3339; no end means until released), line and class. A file named *.jsonl has an
object with the same fields in every line. What has ended already, or stands in the same
way, is passed over. What 'refrain freeze export --full' wrote as CSV can be imported, too.

` + importer.Help

// layout are the columns of freezes: those of a foreign list, and those that only
// our own exports have.
var layout = importer.Layout{Needed: 2, Columns: []string{"number", "reason", "start", "end",
	"line", "class"},
	More: []string{"note", "released", "rule", "freeze", "actor", "active"}}

func newImport(f *command) *cobra.Command {
	var rejectFile string
	cmd := &cobra.Command{
		Use: "import FILE.csv|FILE.jsonl", Short: "Take freezes over from another system",
		Args: usage.OneArg("FILE"), Long: importHelp,
		Example: "  refrain freeze import blacklist.csv",
	}
	importer.RejectsFlag(cmd, &rejectFile)
	cmd.RunE = f.Action(func(cmd *cobra.Command, args []string) error {
		return f.client.With(func(cl *client.Client) error {
			im := &importer.Import[*pb.ImportedFreeze]{
				Console: f.Console, Format: *f.format, Layout: layout, Rejects: rejectFile,
				Parse: parseFreeze,
				Send: importer.AllOrNone("freezes",
					func(ctx context.Context, batch []*pb.ImportedFreeze) error {
						_, err := cl.Freezes.ImportFreezes(ctx,
							&pb.ImportFreezesRequest{Freezes: batch,
								RequestId: ulid.Make().String()})
						return err
					}),
			}
			return im.Run(cmd.Context(), args[0])
		})
	})
	return cmd
}

func parseFreeze(r importer.Row) (*pb.ImportedFreeze, error) {
	row := r.Fields
	z := &pb.ImportedFreeze{Number: row["number"], Line: row["line"], Class: row["class"],
		Reason: cmp.Or(row["note"], strings.TrimSpace(row["reason"]+" "+row["rule"]))}
	var err error
	if text := row["start"]; text != "" {
		if z.StartTime, err = usage.Time(text); err != nil {
			return nil, fmt.Errorf("start %q %w", text, err)
		}
	}
	if text := cmp.Or(row["released"], row["end"]); text != "" {
		if z.EndTime, err = usage.Time(text); err != nil {
			return nil, fmt.Errorf("end %q %w", text, err)
		}
	}
	return z, nil
}
