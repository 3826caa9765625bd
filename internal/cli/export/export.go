package export

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const vconHelp = `Write calls as vCons, the IETF's container for conversations
(draft-ietf-vcon-vcon-core): who took part, a dialog for each recording with a party for
each channel, and as analyses the transcripts, the refusal report with the reviewers'
decisions, and what the dialler reported.

CALLs are the calls' ids; without them, all calls that the flags select. One document a
line goes to standard output, or with --out into a folder, a file each.

Numbers are masked, in what was said, too, and there is no audio; the vCon then says that
it is redacted. --full and --audio are for keys of a supervisor, an auditor or an admin, and
whom the server permits it (privacy.reveal in its settings); --why is recorded.`

const vconExample = `  refrain export vcon 4711
  refrain export vcon --since 2026-11-01T00:00:00+08:00 --suspects > november.jsonl
  refrain export vcon --line loans --unrecorded --out vcons/
  refrain export vcon 4711 --full --audio --why "the customer asked for it" > 4711.vcon.json`

// command is what the commands of export share.
type command struct {
	*console.Console
	client *client.Flags
}

// New makes refrain export.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "export", Short: "Write calls in forms that other systems read",
		Long: "Write calls in forms that other systems read. Freezes have their own, 'refrain freeze " +
			"export'.", Example: vconExample}
	usage.RequireSubcommand(cmd)
	e := &command{c, client.AddFlags(c, cmd)}
	cmd.AddCommand(newVcon(e))
	return cmd
}

func newVcon(e *command) *cobra.Command {
	req := &pb.ExportVconsRequest{}
	var between usage.Span
	var out string
	cmd := &cobra.Command{Use: "vcon [CALL...]", Short: "Write calls as vCons", Long: vconHelp,
		Example: vconExample}
	flags := cmd.Flags()
	between.Flags(cmd, "only calls that began")
	flags.StringVar(&req.Agent, "agent", "", "only this `agent`'s calls")
	flags.StringVar(&req.Line, "line", "", "only calls on this `line`")
	flags.BoolVar(&req.SuspectsOnly, "suspects", false, "only calls that made a suspect")
	flags.BoolVar(&req.Unrecorded, "unrecorded", false, "also calls of which there is no recording")
	flags.BoolVar(&req.FullNumbers, "full", false, "numbers in full")
	flags.BoolVar(&req.WithAudio, "audio", false, "with the recordings' audio")
	flags.StringVar(&req.RevealReason, "why", "", "why numbers or audio are needed, for the record")
	flags.StringVar(&out, "out", "", "write a file for each call into this `folder`")
	cmd.MarkFlagsMutuallyExclusive("suspects", "unrecorded")
	cmd.RunE = e.Action(func(cmd *cobra.Command, args []string) error {
		var err error
		if req.StartTime, req.EndTime, err = between.Read(); err != nil {
			return err
		}
		if len(args) > 0 && (between.Given() || req.Agent+req.Line != "" || req.SuspectsOnly || req.Unrecorded) {
			return usage.Errorf("name calls, or select them by flags, not both")
		}
		req.CallIds = args
		return e.client.With(func(cl *client.Client) error { return e.vcons(cmd, cl, req, out) })
	})
	return cmd
}

func (e *command) vcons(
	cmd *cobra.Command, cl *client.Client, req *pb.ExportVconsRequest, out string,
) (err error) {
	stream, err := cl.Exports.ExportVcons(cmd.Context(), req)
	if err != nil {
		return err
	}
	to := sink(&standard{w: e.Out})
	if out != "" {
		if to, err = newFolder(out); err != nil {
			return err
		}
	}
	defer func() {
		if ended := to.end(err); err == nil {
			err = ended
		}
	}()
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := to.take(m); err != nil {
			return err
		}
	}
}
