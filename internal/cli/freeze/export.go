package freeze

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/cli/visible"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const exportHelp = `Write freezes as CSV, or with --format json as JSON lines, oldest first.

Numbers are masked. With --full they are not, for keys of a supervisor, an auditor or an
admin, and whom the server permits it (privacy.reveal in its settings); --why is recorded.`

func newExport(f *command) *cobra.Command {
	req := &pb.ExportFreezesRequest{}
	var out string
	cmd := &cobra.Command{
		Use: "export", Short: "Write freezes as CSV or JSON lines", Args: usage.NoArgs,
		Long: exportHelp,
		Example: "  refrain freeze export > freezes.csv\n" +
			"  refrain freeze export --full --why \"moving to another system\" --out freezes.csv",
		RunE: f.Action(func(cmd *cobra.Command, _ []string) error {
			return f.client.With(func(cl *client.Client) error {
				return f.export(cmd.Context(), cl, req, out)
			})
		}),
	}
	cmd.Flags().BoolVar(&req.ShowEnded, "all", false, "also those that ended or were released")
	cmd.Flags().BoolVar(&req.FullNumbers, "full", false, "numbers in full, for those whom the "+
		"server permits it")
	cmd.Flags().StringVar(&req.RevealReason, "why", "", "why numbers are needed in full, for the record")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "only with this `reason`: "+
		strings.Join(reasons, ", "))
	cmd.Flags().StringVar(&out, "out", "", "write to this `file`, which must not be there yet")
	return cmd
}

func (f *command) export(
	ctx context.Context, cl *client.Client, req *pb.ExportFreezesRequest, path string,
) error {
	if err := checkReason(req.GetReason()); err != nil {
		return err
	}
	stream, err := cl.Freezes.ExportFreezes(ctx, req)
	if err != nil {
		return err
	}
	if path == "" {
		flush := f.Buffered()
		return errors.Join(f.exportTo(stream), flush())
	}
	file, err := files.Create(path)
	if err != nil {
		return err
	}
	f.Out = file
	return file.End(f.exportTo(stream))
}

// exportColumns are those of exportRow.
var exportColumns = []string{"number", "reason", "start", "end", "line", "class", "rule", "freeze",
	"actor", "note", "active", "released"}

func (f *command) exportTo(stream pb.FreezeService_ExportFreezesClient) error {
	w := csv.NewWriter(f.Out)
	for first := true; ; first = false {
		resp, err := stream.Recv()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if first && *f.format == output.Text {
			_ = w.Write(exportColumns) // Error tells below
		}
		for _, z := range resp.GetFreezes() {
			if *f.format == output.Text {
				_ = w.Write(exportRow(z))
			} else if err := f.JSON(newLine(z)); err != nil {
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
	row := []string{cmp.Or(z.GetNumber(), z.GetMaskedNumber()), z.GetReason(),
		*output.JSONTime(z.GetStartTime()), output.OrEmpty(output.JSONTime(z.GetEndTime())),
		lineText(z), z.GetClass(), z.GetRule(), z.GetName(), z.GetActor(), z.GetNote(),
		strconv.FormatBool(z.GetActive()),
		output.OrEmpty(output.JSONTime(z.GetRelease().GetReleaseTime()))}
	for i, cell := range row[1:] { // nothing but digits follows a number's +
		row[1+i] = visible.Cell(escapeFormula(cell))
	}
	return row
}

// lineText is a freeze's line, which may be called by a number: masked where the number is.
func lineText(z *pb.Freeze) string {
	if z.GetNumber() != "" {
		return z.GetLine()
	}
	return number.MaskName(z.GetLine())
}

// escapeFormula keeps a spreadsheet from taking text for a formula.
func escapeFormula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
