package recording

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const retryHelp = `Have recordings heard again that were given up, once the cause is mended.

Name them, or take up all that are parked with --all-parked, and of these those only that
--reason and --source select. They keep their priority and go by their age.`

// retrying is one run of recording retry.
type retrying struct {
	*command
	all bool
	req pb.RetryRecordingsRequest
}

func newRetry(k *command) *cobra.Command {
	y := retrying{command: k}
	cmd := &cobra.Command{
		Use:   "retry RECORDING... | --all-parked [--reason R] [--source S]",
		Short: "Try again what was given up", Long: retryHelp, Args: cobra.ArbitraryArgs,
		Example: "  refrain recording retry 01K3ABCDEFGHJKMNPQRSTVWXYZ\n" +
			"  refrain recording retry --all-parked --reason SPEECH_PROCESS_DIED",
		RunE: k.Action(func(cmd *cobra.Command, args []string) error {
			if err := y.check(args); err != nil {
				return err
			}
			return k.client.With(func(cl *client.Client) error {
				if y.all {
					return y.parked(cmd.Context(), cl)
				}
				return y.named(cmd.Context(), cl, args)
			})
		}),
	}
	flags := cmd.Flags()
	flags.BoolVar(&y.all, "all-parked", false, "all that were given up")
	flags.StringVar(&y.req.Reason, "reason", "", "of these those with this `reason`, such as "+
		"SPEECH_PROCESS_DIED")
	flags.StringVar(&y.req.Source, "source", "", "of these those of this `source`")
	return cmd
}

func (y *retrying) check(args []string) error {
	switch {
	case y.all && len(args) > 0:
		return usage.Errorf("--all-parked takes all of them; leave %q out", args[0])
	case !y.all && (y.req.GetReason() != "" || y.req.GetSource() != ""):
		return usage.Errorf("--reason and --source select from --all-parked; add that")
	case !y.all && len(args) == 0:
		return usage.Errorf("name the recordings to try again, or say --all-parked")
	}
	return nil
}

// retriedLine is how many were taken up, as JSON.
type retriedLine struct {
	Retried int64 `json:"retried"`
}

func (y *retrying) parked(ctx context.Context, cl *client.Client) error {
	resp, err := cl.Recordings.RetryRecordings(ctx, &y.req)
	if err != nil {
		return err
	}
	n := resp.GetRetriedCount()
	if *y.format == output.JSON {
		return y.JSON(retriedLine{n})
	}
	return y.Println(fmt.Sprintf("%d parked recordings are queued again", n))
}

// named takes up each; one that can't be is reported, and the rest go on.
func (y *retrying) named(ctx context.Context, cl *client.Client, args []string) error {
	failed := 0
	for _, arg := range args {
		resp, err := cl.Recordings.RetryRecording(ctx, &pb.RetryRecordingRequest{Name: name(arg)})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failed++
			y.Errorf("%s: %v", arg, err)
			continue
		case *y.format == output.JSON:
			err = y.JSON(newLine(resp.GetRecording()))
		default:
			err = y.Println(fmt.Sprintf("%s: %s", arg, stateText(resp.GetRecording())))
		}
		if err != nil {
			return err
		}
	}
	return console.Failures(failed, len(args))
}
