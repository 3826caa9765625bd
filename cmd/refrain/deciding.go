package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newReviewConfirm(r *reviewing) *cobra.Command {
	req := pb.DecideSuspectRequest{Verdict: pb.Decision_VERDICT_CONFIRMED}
	cmd := &cobra.Command{
		Use: "confirm SUSPECT", Short: "Confirm that the customer refused, and freeze the number", Args: one("SUSPECT"),
		Example: "  refrain review confirm 01K3ABCDEFGHJKMNPQRSTVWXYZ\n" +
			"  refrain review confirm 01K3ABCDEFGHJKMNPQRSTVWXYZ --class complaint --note \"will write to the regulator\"",
		RunE: r.work(func(cmd *cobra.Command, args []string) error { return r.decide(cmd.Context(), &req, args[0]) }),
	}
	cmd.Flags().StringVar(&req.Class, "class", "", "the `class` to freeze for, if not the suspect's own: it decides for how long")
	cmd.Flags().StringVar(&req.Note, "note", "", "a `note` for the record")
	return cmd
}

func newReviewDismiss(r *reviewing) *cobra.Command {
	req := pb.DecideSuspectRequest{Verdict: pb.Decision_VERDICT_DISMISSED}
	cmd := &cobra.Command{
		Use: "dismiss SUSPECT", Short: "Decide that the customer did not refuse", Args: one("SUSPECT"),
		Example: "  refrain review dismiss 01K3ABCDEFGHJKMNPQRSTVWXYZ --note \"talks about a competitor\"",
		RunE:    r.work(func(cmd *cobra.Command, args []string) error { return r.decide(cmd.Context(), &req, args[0]) }),
	}
	cmd.Flags().StringVar(&req.Note, "note", "", "a `note` for the record")
	return cmd
}

func (r *reviewing) decide(ctx context.Context, req *pb.DecideSuspectRequest, suspect string) error {
	req.Name, req.RequestId = suspectName(suspect), uuid.NewString()
	return r.with(func(cl *client) error {
		resp, err := cl.reviews.DecideSuspect(ctx, req)
		if err != nil {
			return err
		}
		return r.tellDecided(resp.GetSuspect())
	})
}

func newReviewRevert(r *reviewing) *cobra.Command {
	var req pb.RevertDecisionRequest
	cmd := &cobra.Command{
		Use: "revert SUSPECT --reason R", Short: "Take a decision back, and release its freeze", Args: one("SUSPECT"),
		Example: "  refrain review revert 01K3ABCDEFGHJKMNPQRSTVWXYZ --reason \"pressed the wrong key\"",
		RunE: r.work(func(cmd *cobra.Command, args []string) error {
			req.Name, req.RequestId = suspectName(args[0]), uuid.NewString()
			return r.with(func(cl *client) error {
				resp, err := cl.reviews.RevertDecision(cmd.Context(), &req)
				if err != nil {
					return err
				}
				return r.tellDecided(resp.GetSuspect())
			})
		}),
	}
	reasonFlag(cmd, &req.Reason)
	return cmd
}

// tellDecided says how the suspect stands now.
func (r *reviewing) tellDecided(s *pb.Suspect) error {
	if *r.format == formatJSON {
		return r.json(newSuspectLine(s))
	}
	return r.println(decidedText(s))
}

func decidedText(s *pb.Suspect) string {
	id, d := suspectID(s.GetName()), s.GetDecision()
	switch {
	case d.GetVerdict() == pb.Decision_VERDICT_CONFIRMED:
		return fmt.Sprintf("%s is confirmed as %s: %s is frozen (%s)", id, d.GetClass(), s.GetMaskedNumber(), d.GetFreeze())
	case d.GetVerdict() == pb.Decision_VERDICT_DISMISSED:
		return id + " is dismissed"
	}
	return fmt.Sprintf("%s is %s again, in round %d", id, enumName(s.GetState(), "STATE_"), s.GetRound())
}
