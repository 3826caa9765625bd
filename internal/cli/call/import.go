package call

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/importer"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const importHelp = `Import reports of calls from a file.

The first line names the columns: call_id, number, start, and outcome, or code with
code_system (sip, freeswitch or asterisk). There may be agent, line, caller_id,
talk_seconds (or talk_ms), ended_by (customer, agent or system), revision, and virtual
(true where the number stands for whoever uses it just now). A file named *.jsonl has an
object with the same fields in every line.

An answered call without talk_seconds is no short call: nobody said how long it was. Rows
with one call_id and revision are dials of one call, as Asterisk writes them: of those to
one number within 10 minutes the one that reached the customer counts.

Asterisk's and FreeSWITCH's own Master.csv, which names no columns, is known by its first
row (Asterisk's needs loguniqueid=yes in cdr.conf), and so are their columns' names where
there are any, such as uniqueid, calldate, dst, billsec, disposition, uuid, start_stamp,
destination_number and hangup_cause, and those of VICIdial's extended export (call_date,
phone_number_dialed, user, dialstatus, hangup_cause, answered_time). duration and
length_in_sec are not taken for the talk time: they count the ringing, too.

` + importer.Help

// importing is one run of call import.
type importing struct {
	*command
	options  importer.Options
	system   string
	revision int64
	// implied is whose codes the file has, by the name of their column; talk is the name of
	// the column of talk times.
	implied, talk string
	// dialstatus says that codes are Asterisk's DIALSTATUS.
	dialstatus bool
	odd        oddities
}

func newImport(k *command) *cobra.Command {
	in := &importing{command: k}
	cmd := &cobra.Command{
		Use: "import FILE.csv|FILE.xlsx|FILE.jsonl", Short: "Report calls from a file",
		Args: usage.OneArg("FILE"), Long: importHelp,
		Example: "  refrain call import cdr.csv\n" +
			"  refrain call import cdr.jsonl --rejects bad.jsonl\n" +
			"  refrain call import 话单.xlsx --map call_id=单号 --zone Asia/Shanghai\n" +
			"  refrain call import cdr.csv --ignore-zone --revision 2   # local times marked as UTC",
	}
	in.options.Flags(cmd)
	cmd.Flags().StringVar(&in.system, "code-system", "", "whose codes the file has, where it "+
		"doesn't say: `sip|freeswitch|asterisk`")
	cmd.Flags().Int64Var(&in.revision, "revision", 0, "the `revision` of reports that have none, "+
		"to correct what was imported before (default 1)")
	cmd.RunE = k.Action(func(cmd *cobra.Command, args []string) error {
		if err := in.check(); err != nil {
			return err
		}
		return k.client.With(func(cl *client.Client) error {
			return in.run(cmd.Context(), cl, args[0])
		})
	})
	return cmd
}

func (in *importing) check() error {
	if in.revision < 0 {
		return usage.Errorf("--revision %d must be a whole number from 1", in.revision)
	}
	if in.system == "" {
		return nil
	}
	if _, err := enumReader[pb.CodeSystem]("CODE_SYSTEM_", pb.CodeSystem_value)(in.system); err != nil {
		return usage.Errorf("--code-system %q %v", in.system, err)
	}
	return nil
}

func (in *importing) run(ctx context.Context, cl *client.Client, path string) error {
	var unknown int
	im := &importer.Import[*pb.Call]{
		Console: in.Console, Format: *in.format, Layout: layout, Options: &in.options,
		Opened: in.opened, Parse: in.callOfRow, Hints: in.hints,
		Send: func(ctx context.Context, batch []*pb.Call) ([]string, error) {
			why, without, err := reportAll(ctx, cl, batch)
			unknown += without
			return why, err
		},
	}
	err := im.Run(ctx, path)
	if unknown > 0 {
		in.Errorf("%d answered calls came without talk_seconds: nobody said how long they were, so no rule "+
			"takes them for short", unknown)
	}
	return err
}

// opened notes what the file calls what, and whose codes it has where no column says so.
func (in *importing) opened(t *sheet.Table) {
	in.talk = cmp.Or(t.NameOf("talk_seconds"), "talk_seconds")
	in.dialstatus = strings.EqualFold(t.NameOf("code"), dialstatus)
	if in.implied = in.system; in.implied == "" && !t.Has("code_system") {
		in.implied = codeSystems[strings.ToLower(t.NameOf("code"))]
	}
}

func (in *importing) callOfRow(r sheet.Row) (*pb.Call, error) {
	in.complete(r.Fields)
	call, wrong := parseCall(r.Fields, in.startOf)
	if wrong != nil {
		return nil, wrong
	}
	in.odd.add(call)
	return call, nil
}

// startOf reads when a call began, and notes how its zone was told.
func (in *importing) startOf(text string) (*timestamppb.Timestamp, error) {
	m, err := in.options.Times.Parse(text)
	if err != nil {
		return nil, err
	}
	in.odd.mark = m.Mark
	return timestamppb.New(m.Time), nil
}

// complete says what a row doesn't say itself.
func (in *importing) complete(row map[string]string) {
	english(row)
	if row["revision"] == "" && in.revision > 0 {
		row["revision"] = strconv.FormatInt(in.revision, 10)
	}
	if row["code_system"] == "" && row["code"] != "" {
		row["code_system"] = in.implied
	}
	if in.dialstatus && row["code"] != "" && row[behind] != "" {
		row["code"] += "/" + row[behind]
	}
	if row["talk_seconds"] == "" && row[milliseconds] != "" {
		if ms, err := strconv.ParseFloat(row[milliseconds], 64); err == nil {
			row["talk_seconds"] = strconv.FormatFloat(ms/1000, 'f', -1, 64)
		} else {
			row["talk_seconds"] = row[milliseconds] // which says what is wrong with it
		}
	}
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
