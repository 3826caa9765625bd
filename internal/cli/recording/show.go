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
	return &cobra.Command{
		Use: "show RECORDING", Short: "Show a recording and how far it has come",
		Args:    usage.OneArg("RECORDING"),
		Example: "  refrain recording show 01K3ABCDEFGHJKMNPQRSTVWXYZ",
		RunE: k.Action(func(cmd *cobra.Command, args []string) error {
			return k.client.With(func(cl *client.Client) error {
				resp, err := cl.Recordings.GetRecording(cmd.Context(),
					&pb.GetRecordingRequest{Name: name(args[0])})
				if err != nil {
					return err
				}
				r := resp.GetRecording()
				if *k.format == output.JSON {
					return k.JSON(newLine(r))
				}
				return errors.Join(k.printOne(r),
					k.Println(transcript.DefectText(transcript.RemoteDefects(r))...))
			})
		}),
	}
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
