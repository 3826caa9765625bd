package recording

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newList(k *command) *cobra.Command {
	var req pb.ListRecordingsRequest
	var state, priority string
	var limit client.Limit
	cmd := &cobra.Command{
		Use: "list", Short: "List recordings, the newest first", Args: usage.NoArgs,
		Example: "  refrain recording list\n  refrain recording list --state parked --reason TOOK_TOO_LONG\n" +
			"  refrain recording list --priority backlog --state queued --limit 0 --format json",
		RunE: k.Action(func(cmd *cobra.Command, _ []string) error {
			if err := choose(&req, state, priority); err != nil {
				return err
			}
			return k.client.With(func(cl *client.Client) error {
				rows := k.rows()
				return limit.Pages(func(size int32, token string) (int, string, error) {
					req.PageSize, req.PageToken = size, token
					resp, err := cl.Recordings.ListRecordings(cmd.Context(), &req)
					if err != nil {
						return 0, "", err
					}
					return len(resp.GetRecordings()), resp.GetNextPageToken(), rows.Page(resp.GetRecordings())
				})
			})
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&state, "state", "", "only those in this `state`: queued, running, done or parked")
	flags.StringVar(&priority, "priority", "", "only those of this `priority`: live, backlog or rejudge")
	flags.StringVar(&req.Source, "source", "", "only those of this `source`")
	flags.StringVar(&req.Line, "line", "", "only those of this `line`")
	flags.StringVar(&req.Reason, "reason", "", "only those that failed for this `reason`, such as "+
		"SPEECH_PROCESS_DIED")
	flags.StringVar(&req.CallId, "call-id", "", "only those of the call with this `id`")
	client.LimitFlag(cmd, &limit, 50)
	return cmd
}

// choose reads state and priority, "" for all.
func choose(req *pb.ListRecordingsRequest, state, priority string) error {
	n, ok := pb.Recording_State_value["STATE_"+strings.ToUpper(state)]
	if state != "" && (!ok || n == 0) {
		return usage.Errorf("--state %q is no state; use queued, running, done or parked", state)
	}
	req.State = pb.Recording_State(n)
	if priority == "" {
		return nil
	}
	var err error
	if req.Priority, err = usage.Priority(priority); err != nil {
		return usage.Errorf("--priority %q %v", priority, err)
	}
	return nil
}

func (k *command) rows() *console.Listing[*pb.Recording, Line] {
	return &console.Listing[*pb.Recording, Line]{
		Console: k.Console, Format: *k.format, None: "no recordings", Line: newLine,
		Columns: []string{"RECORDING", "STATE", "PRIORITY", "SOURCE", "LINE", "CALL", "NUMBER", "LENGTH", "CAME",
			"RESULT"},
		Row: func(r *pb.Recording) []string {
			return []string{strings.TrimPrefix(r.GetName(), "recordings/"), stateText(r),
				output.EnumName(r.GetPriority(), "PRIORITY_"), r.GetSource(), r.GetLine(), r.GetCallId(),
				r.GetMaskedNumber(), lengthText(r), output.TextTime(r.GetCreateTime()), resultText(r)}
		},
	}
}

func lengthText(r *pb.Recording) string {
	return fmt.Sprintf("%.1f s", r.GetAudio().GetDuration().AsDuration().Seconds())
}

// resultText is what became of it: why it failed, or what was found.
func resultText(r *pb.Recording) string {
	switch j := r.GetJudgement(); {
	case r.GetError() != nil:
		return r.GetError().GetReason()
	case j.GetSuspect():
		return fmt.Sprintf("suspect (%.2f)", j.GetScore())
	case j != nil:
		return fmt.Sprintf("no suspect (%.2f)", j.GetScore())
	}
	return ""
}
