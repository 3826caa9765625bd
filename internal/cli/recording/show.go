package recording

import (
	"context"
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
	var said bool
	cmd := &cobra.Command{
		Use: "show RECORDING|CALL", Short: "Show a recording and how far it has come",
		Long: "Show a recording and how far it has come, by the recording or by its call.\n\n" +
			"A call whose audio is in several files needs the recording's id, or --part. --transcript adds\n" +
			"what was said in it and found, whether it made a suspect or not; as JSON hits, transcript and\n" +
			"agent_transcript, which are null where it is not done or they aren't kept any more.",
		Args: usage.OneArg("RECORDING or CALL"),
		Example: "  refrain recording show 01K3ABCDEFGHJKMNPQRSTVWXYZ\n" +
			"  refrain recording show 4711 --part r --transcript",
		RunE: k.Action(func(cmd *cobra.Command, args []string) error {
			return k.client.With(func(cl *client.Client) error {
				r, err := find(cmd.Context(), cl, args[0], part, cmd.Flags().Changed("part"))
				if err != nil {
					return err
				}
				if said {
					return k.showSaid(cmd.Context(), cl, r.GetName())
				}
				if *k.format == output.JSON {
					return k.JSON(newLine(r))
				}
				return k.printOne(r)
			})
		}),
	}
	partFlag(cmd, &part)
	cmd.Flags().BoolVar(&said, "transcript", false, "also what was said")
	return cmd
}

// Said is a recording with what was said in it, as JSON.
type Said struct {
	Line
	Hits            []transcript.Hit  `json:"hits"`
	Transcript      *transcript.Track `json:"transcript"`
	AgentTranscript *transcript.Track `json:"agent_transcript"`
}

func (k *command) showSaid(ctx context.Context, cl *client.Client, name string) error {
	resp, err := cl.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: name, WithTranscript: true})
	if err != nil {
		return err
	}
	r := resp.GetRecording()
	heard, hits := r.GetTranscript(), r.GetJudgement().GetHits()
	if *k.format == output.JSON {
		l := Said{Line: newLine(r), Transcript: transcript.NewTrack(heard),
			AgentTranscript: transcript.NewTrack(r.GetAgentTranscript())}
		if r.GetJudgement() != nil {
			l.Hits = transcript.RemoteHits(hits)
		}
		return k.JSON(l)
	}
	if err := k.printOne(r); err != nil {
		return err
	}
	lines := []string{""}
	switch {
	case r.GetState() != pb.Recording_STATE_DONE:
		lines = append(lines, "What was said is shown once it is done.")
	case heard == nil:
		lines = append(lines, "What was said is not kept any more.")
	default:
		lines = append(lines, transcript.RemoteText(heard, r.GetAgentTranscript(), hits)...)
		if r.GetJudgement() == nil {
			lines = append(lines, "", "What was found is hidden until it is decided on, if anything was.")
		}
	}
	return k.Println(lines...)
}

// printOne prints all that is known of a recording, and what is wrong with it.
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
	return errors.Join(t.Write(k.Out), k.Println(transcript.DefectText(transcript.RemoteDefects(r))...))
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
