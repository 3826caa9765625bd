package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const allowHelp = `Keep the allow list: numbers that may be called whatever is frozen and whatever a rule
says. Every entry has a reason and an end. Calling hours hold for them all the same.`

const allowExample = `  refrain allow add 13800138000 --reason "asked for a call about the contract" --for 7d
  refrain allow list
  refrain allow end allowances/01JNB3W2X7Q5T8Z6Y4V0KMRDHP --reason "talked to them"`

// allowing is what the commands of allow share.
type allowing struct {
	*console
	client *clientFlags
	format *format
}

func newAllow(c *console) *cobra.Command {
	cmd := &cobra.Command{Use: "allow", Short: "Keep the allow list", Long: allowHelp, Example: allowExample}
	chooses(cmd)
	a := &allowing{c, addClientFlags(c, cmd), formatFlag(cmd)}
	cmd.AddCommand(newAllowAdd(a), newAllowList(a), newAllowEnd(a))
	return cmd
}

func newAllowAdd(a *allowing) *cobra.Command {
	var end ending
	req := &pb.AllowNumberRequest{}
	cmd := &cobra.Command{
		Use: "add NUMBER --reason R --for P", Short: "Let a number be called for a time", Args: one("NUMBER"),
		Example: "  refrain allow add 13800138000 --reason \"asked for a call about the contract\" --for 7d",
	}
	reasonFlag(cmd, &req.Reason)
	end.flags(cmd, "this or --until is needed")
	cmd.RunE = a.work(func(cmd *cobra.Command, args []string) error {
		period, until, err := end.read()
		switch {
		case err != nil:
			return err
		case period != nil:
			req.End = &pb.AllowNumberRequest_Period{Period: period}
		case until != nil:
			req.End = &pb.AllowNumberRequest_EndTime{EndTime: until}
		default:
			return misuse("say for how long: --for or --until")
		}
		req.Number, req.RequestId = args[0], uuid.NewString()
		return a.change(cmd.Context(), func(ctx context.Context, cl *client) (*pb.Allowance, error) {
			resp, err := cl.freezes.AllowNumber(ctx, req)
			return resp.GetAllowance(), err
		})
	})
	return cmd
}

func newAllowEnd(a *allowing) *cobra.Command {
	req := &pb.EndAllowanceRequest{}
	cmd := &cobra.Command{
		Use: "end ALLOWANCE --reason R", Short: "Take a number off the allow list", Args: one("ALLOWANCE"),
		Example: "  refrain allow end allowances/01JNB3W2X7Q5T8Z6Y4V0KMRDHP --reason \"talked to them\"",
		RunE: a.work(func(cmd *cobra.Command, args []string) error {
			req.Name, req.RequestId = resourceName("allowances", args[0]), uuid.NewString()
			return a.change(cmd.Context(), func(ctx context.Context, cl *client) (*pb.Allowance, error) {
				resp, err := cl.freezes.EndAllowance(ctx, req)
				return resp.GetAllowance(), err
			})
		}),
	}
	reasonFlag(cmd, &req.Reason)
	return cmd
}

// resourceName takes an id with or without its collection before it.
func resourceName(collection, id string) string {
	if strings.HasPrefix(id, collection+"/") {
		return id
	}
	return collection + "/" + id
}

// change makes one change and tells of the entry.
func (a *allowing) change(ctx context.Context, do func(context.Context, *client) (*pb.Allowance, error)) error {
	return a.client.with(func(cl *client) error {
		w, err := do(ctx, cl)
		if err != nil {
			return err
		}
		if *a.format == formatJSON {
			return a.json(newAllowLine(w))
		}
		if w.GetRelease() != nil {
			return a.println(w.GetMaskedNumber() + " is off the allow list")
		}
		return a.println(fmt.Sprintf("%s may be called until %s: %s", w.GetMaskedNumber(), textTime(w.GetEndTime()), w.GetName()))
	})
}

func newAllowList(a *allowing) *cobra.Command {
	req := &pb.ListAllowancesRequest{}
	var most limit
	cmd := &cobra.Command{
		Use: "list", Short: "List the allow list, newest first", Args: none, Example: "  refrain allow list\n  refrain allow list --all",
		RunE: a.work(func(cmd *cobra.Command, _ []string) error {
			return a.client.with(func(cl *client) error { return a.list(cmd.Context(), cl, req, most) })
		}),
	}
	cmd.Flags().StringVar(&req.Number, "number", "", "only entries of this `number`")
	cmd.Flags().BoolVar(&req.ShowEnded, "all", false, "also those that ended")
	limitFlag(cmd, &most, 0)
	return cmd
}

func (a *allowing) list(ctx context.Context, cl *client, req *pb.ListAllowancesRequest, most limit) error {
	return most.pages(func(size int32, token string, first bool) (int, string, error) {
		req.PageSize, req.PageToken = size, token
		resp, err := cl.freezes.ListAllowances(ctx, req)
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetAllowances()), resp.GetNextPageToken(), a.tell(resp.GetAllowances(), first)
	})
}

// allowLine is an entry of the allow list as JSON.
type allowLine struct {
	Allowance string       `json:"allowance"`
	Number    string       `json:"number"` // masked
	Active    bool         `json:"active"`
	Reason    string       `json:"reason"`
	From      *string      `json:"from"`
	Until     *string      `json:"until"`
	Actor     string       `json:"actor"`
	Release   *releaseLine `json:"release"`
}

func newAllowLine(w *pb.Allowance) allowLine {
	return allowLine{w.GetName(), w.GetMaskedNumber(), w.GetActive(), w.GetReason(), jsonTime(w.GetStartTime()), jsonTime(w.GetEndTime()),
		w.GetActor(), newReleaseLine(w.GetRelease())}
}

func (a *allowing) tell(entries []*pb.Allowance, head bool) error {
	if *a.format == formatJSON {
		for _, w := range entries {
			if err := a.json(newAllowLine(w)); err != nil {
				return err
			}
		}
		return nil
	}
	if head && len(entries) == 0 {
		return a.println("no entries")
	}
	var t table
	if head {
		t.add("NUMBER", "REASON", "FROM", "UNTIL", "BY", "HOLDS", "ALLOWANCE")
	}
	for _, w := range entries {
		holds := "ended"
		if w.GetActive() {
			holds = "yes"
		}
		t.add(w.GetMaskedNumber(), shortened(w.GetReason(), 40), textTime(w.GetStartTime()), textTime(w.GetEndTime()), w.GetActor(), holds, w.GetName())
	}
	return t.write(a.out)
}
