package call

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newShow(k *command) *cobra.Command {
	return &cobra.Command{
		Use: "show CALL-ID", Short: "Show a call and its recordings", Args: usage.OneArg("CALL-ID"),
		Example: "  refrain call show 4711",
		RunE: k.Action(func(cmd *cobra.Command, args []string) error {
			return k.client.With(func(cl *client.Client) error {
				resp, err := cl.Calls.GetCall(cmd.Context(),
					&pb.GetCallRequest{Name: "calls/" + args[0]})
				if err != nil {
					return onlyRecorded(cmd.Context(), cl, args[0], err)
				}
				defects, err := transcript.DefectsOf(cmd.Context(), cl.Recordings,
					resp.GetRecordings()...)
				if err != nil {
					return err
				}
				answered, err := transcript.AnsweredBy(cmd.Context(), cl.Recordings,
					resp.GetRecordings()...)
				if err != nil {
					return err
				}
				if *k.format == output.JSON {
					line := newLine(resp.GetCall())
					line.Recordings = resp.GetRecordings()
					line.Defects = transcript.DefectNames(defects)
					line.AnsweredBy = answered
					return k.JSON(line)
				}
				return errors.Join(k.printCall(resp, answered), k.Println(transcript.DefectText(defects)...))
			})
		}),
	}
}

// onlyRecorded adds to the answer that a call isn't known that its recording is: nobody has reported how
// it ended, or that isn't kept any more.
func onlyRecorded(ctx context.Context, cl *client.Client, call string, err error) error {
	e, ok := errors.AsType[*client.Error](err)
	if !ok || e.Code != codes.NotFound {
		return err
	}
	resp, listErr := cl.Recordings.ListRecordings(ctx, &pb.ListRecordingsRequest{CallId: call, PageSize: 1})
	if listErr != nil || len(resp.GetRecordings()) == 0 {
		return client.See(err, "refrain call list")
	}
	more := *e
	more.Message = fmt.Sprintf("no report of how call %q ended is here (refrain call report), but its recording "+
		"is: refrain recording list --call-id %q", call, call)
	return &more
}

// printCall prints all that is known of a call.
func (k *command) printCall(resp *pb.GetCallResponse, answered []string) error {
	c, l := resp.GetCall(), newLine(resp.GetCall())
	var t output.Table
	for _, row := range [][2]string{
		{"call", l.CallID}, {"number", l.Number}, {"start", output.TextTime(c.GetStartTime())},
		{"outcome", l.Outcome}, {"talk", talkText(c)},
		{"ended by", output.OrEmpty(l.EndedBy)}, {"agent", l.Agent}, {"line", l.Line},
		{"caller id", l.CallerID}, {"code", l.Code},
		{"revision", strconv.FormatInt(l.Revision, 10)},
		{"recordings", strings.Join(resp.GetRecordings(), " ")},
		{"answered by", strings.TrimSpace(strings.Join(answered, " "))},
	} {
		if row[1] != "" {
			t.Add(row[0], row[1])
		}
	}
	if l.Untrusted {
		t.Add("untrusted", "its line looked like a failing trunk: rules don't take it as the "+
			"customer's doing")
	}
	return t.Write(k.Out)
}
