package review

import (
	"context"
	"fmt"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newConfirm(r *command) *cobra.Command {
	req := pb.DecideSuspectRequest{Verdict: pb.Decision_VERDICT_CONFIRMED}
	var period string
	cmd := &cobra.Command{
		Use: "confirm SUSPECT", Short: "Confirm that the customer refused, and freeze the number",
		Args: usage.OneArg("SUSPECT"),
		Example: "  refrain review confirm 01K3ABCDEFGHJKMNPQRSTVWXYZ\n" +
			"  refrain review confirm 01K3ABCDEFGHJKMNPQRSTVWXYZ --class complaint --note \"will " +
			"write to the regulator\"",
		RunE: r.Action(func(cmd *cobra.Command, args []string) error {
			if period != "" {
				d, err := usage.Period(period)
				if err != nil {
					return usage.Errorf("--for %q %v", period, err)
				}
				req.FreezePeriod = durationpb.New(d)
			}
			return r.decide(cmd.Context(), &req, args[0])
		}),
	}
	cmd.Flags().StringVar(&period, "for", "", "for how long to freeze, such as 30d; without it as the class says")
	cmd.Flags().StringVar(&req.Class, "class", "", "the `class` to freeze for, if not the "+
		"suspect's own, or where that is blind: it decides for how long")
	cmd.Flags().StringVar(&req.Note, "note", "", "a `note` for the record")
	return cmd
}

func newDismiss(r *command) *cobra.Command {
	req := pb.DecideSuspectRequest{Verdict: pb.Decision_VERDICT_DISMISSED}
	cmd := &cobra.Command{
		Use: "dismiss SUSPECT", Short: "Decide that the customer did not refuse",
		Args: usage.OneArg("SUSPECT"),
		Example: "  refrain review dismiss 01K3ABCDEFGHJKMNPQRSTVWXYZ --note \"talks about a " +
			"competitor\"",
		RunE: r.Action(func(cmd *cobra.Command, args []string) error {
			return r.decide(cmd.Context(), &req, args[0])
		}),
	}
	cmd.Flags().StringVar(&req.Note, "note", "", "a `note` for the record")
	return cmd
}

func (r *command) decide(ctx context.Context, req *pb.DecideSuspectRequest, suspect string) error {
	req.RequestId = ulid.Make().String()
	return r.with(func(cl *client.Client) (err error) {
		if req.Name, err = suspectName(ctx, cl, suspect); err != nil {
			return err
		}
		resp, err := cl.Reviews.DecideSuspect(ctx, req)
		if err != nil {
			return client.See(err, "refrain review list")
		}
		return r.printDecision(resp.GetSuspect())
	})
}

func newRevert(r *command) *cobra.Command {
	var req pb.RevertDecisionRequest
	cmd := &cobra.Command{
		Use: "revert SUSPECT --reason R", Short: "Take a decision back, and release its freeze",
		Args: usage.OneArg("SUSPECT"),
		Example: "  refrain review revert 01K3ABCDEFGHJKMNPQRSTVWXYZ --reason \"pressed the " +
			"wrong key\"",
		RunE: r.Action(func(cmd *cobra.Command, args []string) error {
			req.RequestId = ulid.Make().String()
			return r.with(func(cl *client.Client) (err error) {
				if req.Name, err = suspectName(cmd.Context(), cl, args[0]); err != nil {
					return err
				}
				resp, err := cl.Reviews.RevertDecision(cmd.Context(), &req)
				if err != nil {
					return client.See(err, "refrain review list")
				}
				return r.printDecision(resp.GetSuspect())
			})
		}),
	}
	usage.ReasonFlag(cmd, &req.Reason)
	return cmd
}

// printDecision prints how the suspect stands now.
func (r *command) printDecision(s *pb.Suspect) error {
	if *r.format == output.JSON {
		return r.JSON(newLine(s))
	}
	return r.Println(DecisionText(s))
}

// DecisionText says for people how a suspect stands after a decision or its reversal.
func DecisionText(s *pb.Suspect) string {
	id, d := SuspectID(s.GetName()), s.GetDecision()
	switch {
	case d.GetVerdict() == pb.Decision_VERDICT_CONFIRMED && s.GetAppeal().GetState() == pb.Appeal_STATE_OPEN:
		return fmt.Sprintf("%s is confirmed as %s, and appealed by %s: somebody else will decide", id, d.GetClass(),
			s.GetAppeal().GetActor())
	case d.GetFreezeOverTime() != nil:
		return fmt.Sprintf("%s is confirmed as %s, but %s is not frozen: counted from the call, the "+
			"freeze was over at %s", id, d.GetClass(), s.GetMaskedNumber(),
			output.TextTime(d.GetFreezeOverTime()))
	case d.GetVerdict() == pb.Decision_VERDICT_CONFIRMED && d.GetFreeze() == "":
		return fmt.Sprintf("%s is confirmed as %s; it was a second look, which freezes nothing", id,
			d.GetClass())
	case d.GetVerdict() == pb.Decision_VERDICT_CONFIRMED:
		return fmt.Sprintf("%s is confirmed as %s: %s is frozen (%s)", id, d.GetClass(),
			s.GetMaskedNumber(), d.GetFreeze())
	case d.GetVerdict() == pb.Decision_VERDICT_DISMISSED:
		return id + " is dismissed"
	case s.GetState() == pb.Suspect_STATE_CLAIMED:
		return fmt.Sprintf("%s is claimed by %s until %s", id, s.GetClaim().GetReviewer(),
			output.TextEnd(s.GetClaim().GetExpireTime()))
	case s.GetPass() != nil:
		return id + " is left to a supervisor"
	case s.GetRound() == 1:
		return id + " is open again"
	}
	return fmt.Sprintf("%s is %s again, in round %d", id, output.EnumName(s.GetState(), "STATE_"),
		s.GetRound())
}
