package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const freezeImportHelp = `Take freezes over from another system.

CSV needs a first line that names its columns: number and reason. It may have start and
end (RFC 3339; no end means until released), line and class. A file named *.jsonl has an
object with the same fields in every line. What had ended already, or stands in the same
way, is passed over, so an import can be repeated.

JSON: {"file","rows","taken","rejected","rejects"}.`

// freezeLayout are the columns of freezes.
var freezeLayout = layout{needed: 2, columns: []string{"number", "reason", "start", "end", "line", "class"}}

func newFreezeImport(f *freezing) *cobra.Command {
	var rejectFile string
	cmd := &cobra.Command{
		Use: "import FILE.csv|FILE.jsonl", Short: "Take freezes over from another system", Args: one("FILE"), Long: freezeImportHelp,
		Example: "  refrain freeze import blacklist.csv",
	}
	rejectsFlag(cmd, &rejectFile)
	cmd.RunE = f.work(func(cmd *cobra.Command, args []string) error {
		cl, err := f.client.dial()
		if err != nil {
			return err
		}
		defer cl.close()
		im := &importing[*pb.ImportedFreeze]{
			console: f.console, format: *f.format, layout: freezeLayout, rejects: rejectFile, parse: parseFreeze,
			send: allOrNone("freezes", func(ctx context.Context, batch []*pb.ImportedFreeze) error {
				_, err := cl.freezes.ImportFreezes(ctx, &pb.ImportFreezesRequest{Freezes: batch, RequestId: uuid.NewString()})
				return err
			}),
		}
		return im.run(cmd.Context(), args[0])
	})
	return cmd
}

func parseFreeze(r record) (*pb.ImportedFreeze, error) {
	z := &pb.ImportedFreeze{Number: r.fields["number"], Reason: r.fields["reason"], Line: r.fields["line"], Class: r.fields["class"]}
	var err error
	if text := r.fields["start"]; text != "" {
		if z.StartTime, err = parseTime(text); err != nil {
			return nil, fmt.Errorf("start %q %w", text, err)
		}
	}
	if text := r.fields["end"]; text != "" {
		if z.EndTime, err = parseTime(text); err != nil {
			return nil, fmt.Errorf("end %q %w", text, err)
		}
	}
	return z, nil
}

func newFreezeExport(f *freezing) *cobra.Command {
	req := &pb.ExportFreezesRequest{}
	var out string
	cmd := &cobra.Command{
		Use: "export", Short: "Write freezes as CSV, or with --format json as JSON lines", Args: none,
		Example: "  refrain freeze export > freezes.csv\n  refrain freeze export --full --out freezes.csv   # needs the permission; it is logged",
		RunE:    f.work(func(cmd *cobra.Command, _ []string) error { return f.export(cmd.Context(), req, out) }),
	}
	cmd.Flags().BoolVar(&req.ShowEnded, "all", false, "also those that ended or were released")
	cmd.Flags().BoolVar(&req.FullNumbers, "full", false, "numbers in full, for those whom the server permits it")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "only with this `reason`")
	cmd.Flags().StringVar(&out, "out", "", "write to this `file`, which must not be there yet")
	return cmd
}

func (f *freezing) export(ctx context.Context, req *pb.ExportFreezesRequest, path string) (err error) {
	cl, err := f.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	stream, err := cl.freezes.ExportFreezes(ctx, req)
	if err != nil {
		return err
	}
	if path != "" {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		f.out = file
		return errors.Join(f.exportTo(stream), file.Close())
	}
	return f.exportTo(stream)
}

func (f *freezing) exportTo(stream pb.FreezeService_ExportFreezesClient) error {
	flush := f.buffered()
	w := csv.NewWriter(f.out)
	if *f.format == formatText {
		_ = w.Write([]string{"number", "reason", "start", "end", "line", "class", "rule", "freeze", "actor", "note", "active", "released"})
	}
	for {
		resp, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			w.Flush()
			return errors.Join(w.Error(), flush())
		}
		if err != nil {
			return err
		}
		for _, z := range resp.GetFreezes() {
			if *f.format == formatJSON {
				err = f.json(newFreezeLine(z))
			} else {
				err = w.Write(exportRow(z))
			}
			if err != nil {
				return err
			}
		}
	}
}

func exportRow(z *pb.Freeze) []string {
	row := []string{cmp.Or(z.GetNumber(), z.GetMaskedNumber()), z.GetReason(), *jsonTime(z.GetStartTime()), orEmpty(jsonTime(z.GetEndTime())),
		z.GetLine(), z.GetClass(), z.GetRule(), z.GetName(), z.GetActor(), z.GetNote(), strconv.FormatBool(z.GetActive()),
		orEmpty(jsonTime(z.GetRelease().GetReleaseTime()))}
	for i, cell := range row {
		row[i] = harmless(cell)
	}
	return row
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// harmless keeps a spreadsheet from taking text for a formula. A number's + is text as
// it is: nothing but digits follows it.
func harmless(cell string) string {
	if cell == "" || cell[0] != '=' && cell[0] != '-' && cell[0] != '@' && cell[0] != '\t' {
		return cell
	}
	return "'" + cell
}

func newFreezeVerify(f *freezing) *cobra.Command {
	var head string
	cmd := &cobra.Command{
		Use: "verify", Short: "Prove that the ledger is whole and unchanged", Args: none,
		Long: `Prove that the ledger of freezes is whole and unchanged.

Each entry is chained to the one before under a key that lies outside of the database.
That finds changed, inserted and missing entries. It can't find that the last entries
were cut off: for that, give --head a hash that was noted earlier, such as one from the
server's log, which names the head every hour.

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong use.`,
		Example: "  refrain freeze verify\n  refrain freeze verify --head 5f1d…",
		RunE:    f.work(func(cmd *cobra.Command, _ []string) error { return f.verify(cmd.Context(), head) }),
	}
	cmd.Flags().StringVar(&head, "head", "", "a `hash` noted earlier that must be in the ledger")
	return cmd
}

// verifyLine is the finding as JSON.
type verifyLine struct {
	Entries  int64    `json:"entries"`
	Head     string   `json:"head"`
	Intact   bool     `json:"intact"`
	Problems []string `json:"problems"`
	At       string   `json:"at"`
}

func (f *freezing) verify(ctx context.Context, head string) error {
	cl, err := f.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	resp, err := cl.freezes.VerifyLedger(ctx, &pb.VerifyLedgerRequest{Head: head})
	if err != nil {
		return err
	}
	line := verifyLine{Entries: resp.GetEntries(), Head: resp.GetHead(), Intact: len(resp.GetProblems()) == 0, Problems: []string{},
		At: f.now().UTC().Format(time.RFC3339)}
	for _, p := range resp.GetProblems() {
		line.Problems = append(line.Problems, p.GetMessage())
	}
	if *f.format == formatJSON {
		err = f.json(line)
	} else {
		err = f.tellVerified(line)
	}
	if err == nil && !line.Intact {
		err = errors.New("the ledger is not what was written: keep the database and its key as they are, and compare with a backup")
	}
	return err
}

func (f *freezing) tellVerified(line verifyLine) error {
	for _, p := range line.Problems {
		if err := f.println("wrong: " + p); err != nil {
			return err
		}
	}
	if !line.Intact {
		return nil
	}
	return f.println(fmt.Sprintf("%d entries, whole and unchanged", line.Entries), "head "+line.Head)
}
