package freeze

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/importer"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const importHelp = `Take freezes over from another system.

The first line names the columns: number, and if you like reason, start, end (no end
means until released), line and class. A file of numbers alone, one a line, needs no such
line. Where a row has no reason it is --reason, or else "imported from FILE". start and
end may be dates: from the beginning of that day, until its end. A file named *.jsonl has
an object with the same fields in every line. What has ended already, or stands in the
same way, is passed over. What 'refrain freeze export --full' wrote as CSV can be
imported, too. The summary says how many rows were passed over ("skipped").

A column that is only called like one of a list of calls (开始时间, 结束时间, 线路) says
nothing about a freeze: where it does, say so with --map end=结束时间.

` + importer.Help

// layout are the columns of freezes: those of a foreign list, and those that only
// our own exports have. When a call ended and which line it took are in lists of calls, too:
// such a name is no end and no line of a freeze, or the freeze would hold nobody.
var layout = sheet.Layout{Needed: 1, Lone: "number", Numbers: []string{"number"}, Whole: true,
	Columns: []string{"number", "reason", "start", "end", "line", "class"},
	More:    []string{"note", "released", "rule", "freeze", "actor", "active"},
	Names: map[string][][]string{
		"number": sheet.NumberNames,
		"reason": {{"原因", "理由", "冻结原因", "拉黑原因", "加黑原因", "拒绝原因"}, {"备注", "说明",
			"comment", "comments", "remark", "remarks"}},
		"start": {{"生效时间", "生效日期", "冻结时间"}, {"加入时间", "添加时间", "拉黑时间", "加黑时间",
			"创建时间", "登记时间", "created_at", "created", "added", "added_at", "entry_date",
			"date_added"}},
		"end": {{"until", "到期", "到期时间", "到期日期", "失效", "失效时间", "失效日期", "截止时间", "有效期至",
			"解冻时间", "expires", "expires_at", "expiry", "expiry_date"}},
	}}

// importing is one run of freeze import.
type importing struct {
	options importer.Options
	reason  string
	tally   tally
}

func newImport(f *command) *cobra.Command {
	in := &importing{}
	cmd := &cobra.Command{
		Use: "import FILE.csv|FILE.xlsx|FILE.jsonl", Short: "Take freezes over from another system",
		Args: usage.OneArg("FILE"), Long: importHelp,
		Example: "  refrain freeze import blacklist.csv\n" +
			"  refrain freeze import 黑名单.xlsx --reason 客户要求 --map number=联系人电话",
	}
	in.options.Flags(cmd)
	cmd.Flags().StringVar(&in.reason, "reason", "", "`why`, for rows that have no reason "+
		"(default imported from FILE)")
	cmd.RunE = f.Action(func(cmd *cobra.Command, args []string) error {
		if in.reason = strings.TrimSpace(in.reason); in.reason == "" {
			in.reason = "imported from " + importer.FileName(args[0])
		}
		return f.client.With(func(cl *client.Client) error {
			im := &importer.Import[*pb.ImportedFreeze]{
				Console: f.Console, Format: *f.format, Layout: layout, Options: &in.options,
				Parse: in.freezeOfRow,
				Send: importer.AllOrNone("freezes",
					func(ctx context.Context, batch []*pb.ImportedFreeze) error {
						res, err := cl.Freezes.ImportFreezes(ctx,
							&pb.ImportFreezesRequest{Freezes: batch,
								RequestId: ulid.Make().String()})
						if err == nil {
							in.tally.add(batch, int(res.GetSkipped()), f.Now())
						}
						return err
					}),
				Skipped: func() int { return in.tally.skipped }, Hints: in.tally.hints,
			}
			return im.Run(cmd.Context(), args[0])
		})
	})
	return cmd
}

func (in *importing) freezeOfRow(r sheet.Row) (*pb.ImportedFreeze, error) {
	row := r.Fields
	z := &pb.ImportedFreeze{Number: row["number"], Line: row["line"], Class: row["class"],
		Reason: cmp.Or(row["note"], strings.TrimSpace(row["reason"]+" "+row["rule"]), in.reason)}
	if text := row["start"]; text != "" {
		start, err := in.options.Times.DayStart(text)
		if err != nil {
			return nil, fmt.Errorf("start %q %w", text, err)
		}
		z.StartTime = timestamppb.New(start.Time)
	}
	if text := cmp.Or(row["released"], row["end"]); text != "" {
		end, err := in.options.Times.DayEnd(text)
		if err != nil {
			return nil, fmt.Errorf("end %q %w", text, err)
		}
		z.EndTime = timestamppb.New(end.Time)
	}
	return z, nil
}
