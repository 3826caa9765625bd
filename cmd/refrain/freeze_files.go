package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const freezeImportHelp = `Take freezes over from another system.

CSV needs a first line that names its columns: number and reason. It may have start and
end (RFC 3339; no end means until released), line and class. A file named *.jsonl has an
object with the same fields in every line. What has ended already, or stands in the same
way, is passed over. What 'refrain freeze export --full' wrote as CSV can be imported, too.

` + importHelp

// freezeLayout are the columns of freezes: those of a foreign list, and those that only
// our own exports have.
var freezeLayout = layout{needed: 2, columns: []string{"number", "reason", "start", "end", "line", "class"},
	more: []string{"note", "released", "rule", "freeze", "actor", "active"}}

func newFreezeImport(f *freezing) *cobra.Command {
	var rejectFile string
	cmd := &cobra.Command{
		Use: "import FILE.csv|FILE.jsonl", Short: "Take freezes over from another system", Args: one("FILE"), Long: freezeImportHelp,
		Example: "  refrain freeze import blacklist.csv",
	}
	rejectsFlag(cmd, &rejectFile)
	cmd.RunE = f.work(func(cmd *cobra.Command, args []string) error {
		return f.client.with(func(cl *client) error {
			im := &importing[*pb.ImportedFreeze]{
				console: f.console, format: *f.format, layout: freezeLayout, rejects: rejectFile, parse: parseFreeze,
				send: allOrNone("freezes", func(ctx context.Context, batch []*pb.ImportedFreeze) error {
					_, err := cl.freezes.ImportFreezes(ctx, &pb.ImportFreezesRequest{Freezes: batch, RequestId: uuid.NewString()})
					return err
				}),
			}
			return im.run(cmd.Context(), args[0])
		})
	})
	return cmd
}

func parseFreeze(r record) (*pb.ImportedFreeze, error) {
	row := r.fields
	z := &pb.ImportedFreeze{Number: row["number"], Line: row["line"], Class: row["class"],
		Reason: cmp.Or(row["note"], strings.TrimSpace(row["reason"]+" "+row["rule"]))}
	var err error
	if text := row["start"]; text != "" {
		if z.StartTime, err = parseTime(text); err != nil {
			return nil, fmt.Errorf("start %q %w", text, err)
		}
	}
	if text := cmp.Or(row["released"], row["end"]); text != "" {
		if z.EndTime, err = parseTime(text); err != nil {
			return nil, fmt.Errorf("end %q %w", text, err)
		}
	}
	return z, nil
}

const freezeExportHelp = `Write freezes as CSV, or with --format json as JSON lines, oldest first.

Numbers are masked. With --full they are not, for those whom the server permits it
(privacy.reveal in its settings), and that they asked is logged.`

func newFreezeExport(f *freezing) *cobra.Command {
	req := &pb.ExportFreezesRequest{}
	var out string
	cmd := &cobra.Command{
		Use: "export", Short: "Write freezes as CSV or JSON lines", Args: none, Long: freezeExportHelp,
		Example: "  refrain freeze export > freezes.csv\n  refrain freeze export --full --out freezes.csv   # needs the permission; it is logged",
		RunE: f.work(func(cmd *cobra.Command, _ []string) error {
			return f.client.with(func(cl *client) error { return f.export(cmd.Context(), cl, req, out) })
		}),
	}
	cmd.Flags().BoolVar(&req.ShowEnded, "all", false, "also those that ended or were released")
	cmd.Flags().BoolVar(&req.FullNumbers, "full", false, "numbers in full, for those whom the server permits it")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "only with this `reason`: "+strings.Join(freezeReasons, ", "))
	cmd.Flags().StringVar(&out, "out", "", "write to this `file`, which must not be there yet")
	return cmd
}

func (f *freezing) export(ctx context.Context, cl *client, req *pb.ExportFreezesRequest, path string) error {
	if err := checkFreezeReason(req.GetReason()); err != nil {
		return err
	}
	stream, err := cl.freezes.ExportFreezes(ctx, req)
	if err != nil {
		return err
	}
	if path == "" {
		flush := f.buffered()
		return errors.Join(f.exportTo(stream), flush())
	}
	file, err := createFile(path)
	if err != nil {
		return err
	}
	f.out = file
	return file.end(f.exportTo(stream))
}

// exportColumns are those of exportRow.
var exportColumns = []string{"number", "reason", "start", "end", "line", "class", "rule", "freeze", "actor", "note", "active", "released"}

func (f *freezing) exportTo(stream pb.FreezeService_ExportFreezesClient) error {
	w := csv.NewWriter(f.out)
	for first := true; ; first = false {
		resp, err := stream.Recv()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if first && *f.format == formatText {
			_ = w.Write(exportColumns) // Error tells below
		}
		for _, z := range resp.GetFreezes() {
			if *f.format == formatText {
				_ = w.Write(exportRow(z))
			} else if err := f.json(newFreezeLine(z)); err != nil {
				return err
			}
		}
		w.Flush()
		if err != nil || w.Error() != nil {
			return w.Error()
		}
	}
}

func exportRow(z *pb.Freeze) []string {
	row := []string{cmp.Or(z.GetNumber(), z.GetMaskedNumber()), z.GetReason(), *jsonTime(z.GetStartTime()), orEmpty(jsonTime(z.GetEndTime())),
		z.GetLine(), z.GetClass(), z.GetRule(), z.GetName(), z.GetActor(), z.GetNote(), strconv.FormatBool(z.GetActive()),
		orEmpty(jsonTime(z.GetRelease().GetReleaseTime()))}
	for i, cell := range row[1:] { // nothing but digits follows a number's +
		row[1+i] = harmless(cell)
	}
	return row
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// harmless keeps a spreadsheet from taking text for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
