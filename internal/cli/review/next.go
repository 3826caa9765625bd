package review

import (
	"context"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newNext(r *command) *cobra.Command {
	var f filter
	var mine bool
	cmd := &cobra.Command{
		Use: "next", Short: "Claim the next suspect, and show it", Args: usage.NoArgs,
		Long: "Claim the next suspect that nobody else has, and show it. It is yours until the lease ends: decide\n" +
			"on it, pass it to a supervisor, or release it. Others of the number on which you decided last come first.",
		Example: "  refrain review next\n  refrain review next --class complaint --order newest --format json",
		RunE: r.Action(func(cmd *cobra.Command, _ []string) error {
			if err := f.read(); err != nil {
				return err
			}
			return r.with(func(cl *client.Client) error { return r.next(cmd.Context(), cl, &f, mine) })
		}),
	}
	f.flags(cmd)
	cmd.Flags().BoolVar(&mine, "mine", false, "only those that you hold or held last, or that wait again since your decision "+
		"was taken back")
	return cmd
}

func (r *command) next(ctx context.Context, cl *client.Client, f *filter, mine bool) error {
	got, err := cl.Reviews.ClaimNextSuspect(ctx, &pb.ClaimNextSuspectRequest{
		Class: f.class, Line: f.line, Agent: f.agent, MinScore: f.minScore, MaxScore: f.maxScore,
		StartCreateTime: f.since, EndCreateTime: f.until, StartCallTime: f.called, EndCallTime: f.before,
		Passed: f.passed, Mine: mine, Order: f.by, RequestId: ulid.Make().String()})
	switch {
	case err != nil:
		return err
	case got.GetSuspect() != nil:
		return r.show(ctx, cl, &pb.GetSuspectResponse{Suspect: got.GetSuspect(), Transcript: got.GetTranscript(),
			Decisions: got.GetDecisions(), AgentTranscript: got.GetAgentTranscript(),
			EarlierCalls: got.GetEarlierCalls(), EarlierCallCount: got.GetEarlierCallCount(),
			EarlierDecisions: got.GetEarlierDecisions()})
	case *r.format == output.JSON:
		return nil
	case mine:
		return r.Println("none of your suspects waits; without --mine there may be others")
	}
	return r.Println("no suspect waits that nobody else has; see those that others have with: refrain review list")
}

// acted is a command that does something with a suspect and prints how it stands then.
func (r *command) acted(
	cmd *cobra.Command, do func(ctx context.Context, cl *client.Client, name string) (*pb.Suspect, error),
) *cobra.Command {
	cmd.Args = usage.OneArg("SUSPECT")
	cmd.RunE = r.Action(func(cmd *cobra.Command, args []string) error {
		return r.with(func(cl *client.Client) error {
			name, err := suspectName(cmd.Context(), cl, args[0])
			if err != nil {
				return err
			}
			s, err := do(cmd.Context(), cl, name)
			if err != nil {
				return client.See(err, "refrain review list")
			}
			return r.printDecision(s)
		})
	})
	return cmd
}

func newClaim(r *command) *cobra.Command {
	return r.acted(&cobra.Command{
		Use: "claim SUSPECT", Short: "Keep a suspect for yourself, or for longer",
		Example: "  refrain review claim QRSTVWXYZ",
	}, func(ctx context.Context, cl *client.Client, name string) (*pb.Suspect, error) {
		resp, err := cl.Reviews.ClaimSuspect(ctx, &pb.ClaimSuspectRequest{Name: name,
			RequestId: ulid.Make().String()})
		return resp.GetSuspect(), err
	})
}

func newRelease(r *command) *cobra.Command {
	return r.acted(&cobra.Command{
		Use: "release SUSPECT", Short: "Give a suspect back that you claimed",
		Example: "  refrain review release QRSTVWXYZ",
	}, func(ctx context.Context, cl *client.Client, name string) (*pb.Suspect, error) {
		resp, err := cl.Reviews.ReleaseClaim(ctx, &pb.ReleaseClaimRequest{Name: name,
			RequestId: ulid.Make().String()})
		return resp.GetSuspect(), err
	})
}

func newPass(r *command) *cobra.Command {
	var note string
	cmd := r.acted(&cobra.Command{
		Use: "pass SUSPECT --note N", Short: "Leave a suspect to a supervisor",
		Example: "  refrain review pass QRSTVWXYZ --note \"a dialect that I don't understand\"",
	}, func(ctx context.Context, cl *client.Client, name string) (*pb.Suspect, error) {
		resp, err := cl.Reviews.PassSuspect(ctx, &pb.PassSuspectRequest{Name: name, Note: note,
			RequestId: ulid.Make().String()})
		return resp.GetSuspect(), err
	})
	cmd.Flags().StringVar(&note, "note", "", "what is unclear, as a `note` for the supervisor")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if note == "" {
			return usage.Errorf("say what is unclear: --note")
		}
		return run(cmd, args)
	}
	return cmd
}

func newAppeal(r *command) *cobra.Command {
	var reason string
	cmd := r.acted(&cobra.Command{
		Use: "appeal SUSPECT --reason R", Short: "Have a confirmed suspect judged again by somebody else",
		Long: "Have a confirmed suspect judged again by somebody who did not decide on it, and who isn't told that\n" +
			"it was. If they dismiss it, the decision is taken back and its freeze released.",
		Example: "  refrain review appeal QRSTVWXYZ --reason \"he only asked when I could call\"",
	}, func(ctx context.Context, cl *client.Client, name string) (*pb.Suspect, error) {
		resp, err := cl.Reviews.AppealDecision(ctx, &pb.AppealDecisionRequest{Name: name, Reason: reason,
			RequestId: ulid.Make().String()})
		return resp.GetSuspect(), err
	})
	usage.ReasonFlag(cmd, &reason)
	return cmd
}
