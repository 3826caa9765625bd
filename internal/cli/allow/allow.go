package allow

import (
	"context"
	"fmt"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Keep the allow list: numbers that may be called whatever is frozen and whatever a rule
says. Every entry has a reason and an end. Calling hours hold for them all the same.`

const example = `  refrain allow add 13800138000 --reason "asked for a call about the contract" --for 7d
  refrain allow list
  refrain allow end allowances/01JNB3W2X7Q5T8Z6Y4V0KMRDHP --reason "talked to them"`

// command is what the commands of allow share.
type command struct {
	*console.Console
	client *client.Flags
	format *output.Format
}

// New makes refrain allow.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "allow", Short: "Keep the allow list", Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	a := &command{c, client.AddFlags(c, cmd), output.FormatFlag(cmd)}
	cmd.AddCommand(newAdd(a), newList(a), newEnd(a))
	return cmd
}

func newAdd(a *command) *cobra.Command {
	var end usage.End
	req := &pb.AllowNumberRequest{}
	cmd := &cobra.Command{
		Use: "add NUMBER --reason R --for P", Short: "Let a number be called for a time",
		Args: usage.OneArg("NUMBER"),
		Example: "  refrain allow add 13800138000 --reason \"asked for a call about the " +
			"contract\" --for 7d",
	}
	usage.ReasonFlag(cmd, &req.Reason)
	end.Flags(cmd, "this or --until is needed")
	cmd.RunE = a.Action(func(cmd *cobra.Command, args []string) error {
		period, until, err := end.Read()
		switch {
		case err != nil:
			return err
		case period != nil:
			req.End = &pb.AllowNumberRequest_Period{Period: period}
		case until != nil:
			req.End = &pb.AllowNumberRequest_EndTime{EndTime: until}
		default:
			return usage.Errorf("say for how long: --for or --until")
		}
		req.Number, req.RequestId = args[0], ulid.Make().String()
		return a.change(cmd.Context(), func(ctx context.Context, cl *client.Client) (*pb.Allowance,
			error) {
			resp, err := cl.Freezes.AllowNumber(ctx, req)
			return resp.GetAllowance(), err
		})
	})
	return cmd
}

func newEnd(a *command) *cobra.Command {
	req := &pb.EndAllowanceRequest{}
	cmd := &cobra.Command{
		Use: "end ALLOWANCE --reason R", Short: "Take a number off the allow list",
		Args: usage.OneArg("ALLOWANCE"),
		Example: "  refrain allow end allowances/01JNB3W2X7Q5T8Z6Y4V0KMRDHP --reason \"talked to " +
			"them\"",
		RunE: a.Action(func(cmd *cobra.Command, args []string) error {
			req.Name, req.RequestId = client.ResourceName("allowances", args[0]),
				ulid.Make().String()
			return a.change(cmd.Context(),
				func(ctx context.Context, cl *client.Client) (*pb.Allowance, error) {
					resp, err := cl.Freezes.EndAllowance(ctx, req)
					return resp.GetAllowance(), err
				})
		}),
	}
	usage.ReasonFlag(cmd, &req.Reason)
	return cmd
}

// change makes one change and prints the entry.
func (a *command) change(
	ctx context.Context, do func(context.Context, *client.Client) (*pb.Allowance, error),
) error {
	return a.client.With(func(cl *client.Client) error {
		w, err := do(ctx, cl)
		if err != nil {
			return err
		}
		if *a.format == output.JSON {
			return a.JSON(newLine(w))
		}
		if w.GetRelease() != nil {
			return a.Println(w.GetMaskedNumber() + " is off the allow list")
		}
		return a.Println(fmt.Sprintf("%s may be called until %s: %s", w.GetMaskedNumber(),
			output.TextEnd(w.GetEndTime()), w.GetName()))
	})
}
