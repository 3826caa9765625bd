package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const freezeHelp = `Show and release freezes: numbers that may not be called until a time.

Releasing ends every freeze that stands on a number, and needs a reason. Nothing is
deleted: a release is an entry of its own in the record.`

const freezeExample = `  refrain freeze list
  refrain freeze list --number 13800138000 --all --format json
  refrain freeze release 13800138000 --reason "the customer asked us to call again"`

// freezing is what the commands of freeze share.
type freezing struct {
	*console
	client *clientFlags
	format *format
}

func newFreeze(c *console) *cobra.Command {
	cmd := &cobra.Command{Use: "freeze", Short: "List and release frozen numbers", Long: freezeHelp, Example: freezeExample}
	chooses(cmd)
	f := &freezing{c, addClientFlags(c, cmd), formatFlag(cmd)}
	cmd.AddCommand(newFreezeList(f), newFreezeRelease(f))
	return cmd
}

func newFreezeList(f *freezing) *cobra.Command {
	req := pb.ListFreezesRequest{PageSize: 500}
	cmd := &cobra.Command{
		Use: "list", Short: "List freezes, newest first", Args: none,
		Example: "  refrain freeze list\n  refrain freeze list --number 13800138000 --all",
		RunE:    f.work(func(cmd *cobra.Command, _ []string) error { return f.list(cmd.Context(), &req) }),
	}
	cmd.Flags().StringVar(&req.Number, "number", "", "only those of this `number`")
	cmd.Flags().BoolVar(&req.ShowEnded, "all", false, "also those that ended or were released")
	return cmd
}

func (f *freezing) list(ctx context.Context, req *pb.ListFreezesRequest) error {
	cl, err := f.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	for head := true; ; head = false {
		resp, err := cl.freezes.ListFreezes(ctx, req)
		if err != nil {
			return err
		}
		if head && len(resp.GetFreezes()) == 0 && *f.format == formatText {
			return f.println("no freezes")
		}
		if err := f.tell(resp.GetFreezes(), head); err != nil {
			return err
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			return nil
		}
	}
}

func newFreezeRelease(f *freezing) *cobra.Command {
	var req pb.ReleaseFreezeRequest
	cmd := &cobra.Command{
		Use: "release NUMBER --reason R", Short: "Let a number be called again", Args: one("NUMBER"),
		Example: "  refrain freeze release 13800138000 --reason \"the customer asked us to call again\"",
		RunE: f.work(func(cmd *cobra.Command, args []string) error {
			req.Target, req.RequestId = &pb.ReleaseFreezeRequest_Number{Number: args[0]}, uuid.NewString()
			return f.release(cmd.Context(), &req)
		}),
	}
	reasonFlag(cmd, &req.Reason)
	return cmd
}

func (f *freezing) release(ctx context.Context, req *pb.ReleaseFreezeRequest) error {
	cl, err := f.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	resp, err := cl.freezes.ReleaseFreeze(ctx, req)
	if err != nil {
		return err
	}
	if *f.format == formatJSON {
		return f.tell(resp.GetFreezes(), false)
	}
	if len(resp.GetFreezes()) == 0 {
		return f.println("no freeze stood on it")
	}
	for _, z := range resp.GetFreezes() {
		if err := f.println(fmt.Sprintf("%s is released: %s (%s)", z.GetMaskedNumber(), z.GetName(), z.GetClass())); err != nil {
			return err
		}
	}
	return nil
}

// freezeLine is a freeze in JSON.
type freezeLine struct {
	Freeze    string       `json:"freeze"`
	Number    string       `json:"number"` // masked
	Active    bool         `json:"active"`
	Reason    string       `json:"reason"`
	Class     string       `json:"class"`
	From      *string      `json:"from"`
	Until     *string      `json:"until"`
	Actor     string       `json:"actor"`
	CallID    string       `json:"call_id"`
	Suspect   *string      `json:"suspect"`
	Recording *string      `json:"recording"`
	Release   *releaseLine `json:"release"`
}

type releaseLine struct {
	Actor      string  `json:"actor"`
	ReleasedAt *string `json:"released_at"`
	Reason     string  `json:"reason"`
}

func newFreezeLine(z *pb.Freeze) freezeLine {
	l := freezeLine{
		Freeze: z.GetName(), Number: z.GetMaskedNumber(), Active: z.GetActive(), Reason: z.GetReason(), Class: z.GetClass(),
		From: jsonTime(z.GetStartTime()), Until: jsonTime(z.GetEndTime()), Actor: z.GetActor(), CallID: z.GetCallId(),
		Suspect: orNull(z.GetSuspect()), Recording: orNull(z.GetRecording()),
	}
	if r := z.GetRelease(); r != nil {
		l.Release = &releaseLine{r.GetActor(), jsonTime(r.GetReleaseTime()), r.GetReason()}
	}
	return l
}

func (f *freezing) tell(freezes []*pb.Freeze, head bool) error {
	if *f.format == formatJSON {
		for _, z := range freezes {
			if err := f.json(newFreezeLine(z)); err != nil {
				return err
			}
		}
		return nil
	}
	var t table
	if head {
		t.add("NUMBER", "REASON", "CLASS", "FROM", "UNTIL", "BY", "CALL", "STANDS")
	}
	for _, z := range freezes {
		t.add(z.GetMaskedNumber(), z.GetReason(), z.GetClass(), textTime(z.GetStartTime()), cmp.Or(textTime(z.GetEndTime()), "released by hand"),
			z.GetActor(), z.GetCallId(), standing(z))
	}
	return t.write(f.out)
}

// standing tells in a few words whether a freeze still counts.
func standing(z *pb.Freeze) string {
	switch r := z.GetRelease(); {
	case r != nil:
		return fmt.Sprintf("released by %s: %s", r.GetActor(), shortened(r.GetReason(), 30))
	case z.GetActive():
		return "yes"
	}
	return "ended"
}
