package recording

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newShow(k *command) *cobra.Command {
	var part string
	cmd := &cobra.Command{
		Use: "show RECORDING|CALL", Short: "Show a recording and how far it has come",
		Long: "Show a recording and how far it has come, by the recording or by its call.\n\n" +
			"A call whose audio is in several files needs the recording's id, or --part.",
		Args: usage.OneArg("RECORDING or CALL"),
		Example: "  refrain recording show 01K3ABCDEFGHJKMNPQRSTVWXYZ\n" +
			"  refrain recording show 4711 --part r",
		RunE: k.Action(func(cmd *cobra.Command, args []string) error {
			return k.client.With(func(cl *client.Client) error {
				r, err := find(cmd.Context(), cl, args[0], part, cmd.Flags().Changed("part"))
				if err != nil {
					return err
				}
				if *k.format == output.JSON {
					return k.JSON(newLine(r))
				}
				return errors.Join(k.printOne(r),
					k.Println(transcript.DefectText(transcript.RemoteDefects(r))...))
			})
		}),
	}
	partFlag(cmd, &part)
	return cmd
}

func (k *command) printOne(r *pb.Recording) error {
	l := newLine(r)
	var t output.Table
	for _, row := range [][2]string{
		{"recording", l.Recording}, {"state", l.State}, {"priority", l.Priority},
		{"call", l.CallID}, {"part", l.Part}, {"number", l.Number}, {"agent", l.Agent},
		{"source", l.Source}, {"line", l.Line},
		{"length", lengthText(r)}, {"started", output.TextTime(r.GetStartTime())},
		{"came", output.TextTime(r.GetCreateTime())},
		{"attempts", strconv.Itoa(int(l.Attempts))}, {"reason", output.OrEmpty(l.Reason)},
		{"problem", output.OrEmpty(l.Problem)}, {"result", verdictText(r)},
		{"suspect", output.OrEmpty(l.Suspect)}, {"set aside", asideText(r.GetSetAside())},
	} {
		if row[1] != "" {
			t.Add(row[0], row[1])
		}
	}
	return t.Write(k.Out)
}

// verdictText is what was found in it, also where a later attempt failed.
func verdictText(r *pb.Recording) string {
	if r.GetJudgement() == nil {
		return ""
	}
	return resultText(&pb.Recording{Judgement: r.GetJudgement()})
}

// asideText says why another file took its place.
func asideText(a *pb.SetAside) string {
	if a == nil {
		return ""
	}
	return fmt.Sprintf("another file took its place by %s, %s: %s", a.GetActor(),
		output.TextTime(a.GetTime()), a.GetReason())
}
