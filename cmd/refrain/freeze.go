package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/freeze"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const freezeHelp = `Freeze numbers, so that they may not be called until a time, and release them.

Releasing ends every freeze that stands on a number, and needs a reason. Nothing is
deleted: a release is an entry of its own in the ledger, which 'verify' proves.`

const freezeExample = `  refrain freeze add 13800138000 --reason "asked us in a letter" --for 180d
  refrain freeze list
  refrain freeze list --number 13800138000 --all --format json
  refrain freeze release 13800138000 --reason "the customer asked us to call again"
  refrain freeze export --out freezes.csv
  refrain freeze verify`

// freezing is what the commands of freeze share.
type freezing struct {
	*console
	client *clientFlags
	format *format
}

func newFreeze(c *console) *cobra.Command {
	cmd := &cobra.Command{Use: "freeze", Short: "Freeze, list and release numbers", Long: freezeHelp, Example: freezeExample}
	chooses(cmd)
	f := &freezing{c, addClientFlags(c, cmd), formatFlag(cmd)}
	cmd.AddCommand(newFreezeList(f), newFreezeAdd(f), newFreezeExtend(f), newFreezeRelease(f), newFreezeImport(f), newFreezeExport(f), newFreezeVerify(f))
	return cmd
}

// freezeReasons are what can have made a freeze.
var freezeReasons = []string{string(freeze.Refused), string(freeze.Ruled), string(freeze.Manual), string(freeze.Complained), string(freeze.Imported)}

func checkFreezeReason(reason string) error {
	if reason != "" && !slices.Contains(freezeReasons, reason) {
		return misuse("--reason %q is no reason of a freeze; use %s", reason, strings.Join(freezeReasons, ", "))
	}
	return nil
}

func newFreezeList(f *freezing) *cobra.Command {
	req := &pb.ListFreezesRequest{}
	var most limit
	cmd := &cobra.Command{
		Use: "list", Short: "List freezes, newest first", Args: none,
		Example: "  refrain freeze list --limit 20\n  refrain freeze list --number 13800138000 --all\n  refrain freeze list --reason rule --rule rejected-or-short",
		RunE: f.work(func(cmd *cobra.Command, _ []string) error {
			if err := checkFreezeReason(req.GetReason()); err != nil {
				return err
			}
			return f.client.with(func(cl *client) error { return f.list(cmd.Context(), cl, req, most) })
		}),
	}
	cmd.Flags().StringVar(&req.Number, "number", "", "only those of this `number`")
	cmd.Flags().BoolVar(&req.ShowEnded, "all", false, "also those that ended or were released")
	cmd.Flags().StringVar(&req.Reason, "reason", "", "only with this `reason`: "+strings.Join(freezeReasons, ", "))
	cmd.Flags().StringVar(&req.Class, "class", "", "only after a refusal of this `class`")
	cmd.Flags().StringVar(&req.Line, "line", "", "only those of this `line`")
	cmd.Flags().StringVar(&req.Rule, "rule", "", "only those of this `rule`")
	limitFlag(cmd, &most, 0)
	return cmd
}

func (f *freezing) list(ctx context.Context, cl *client, req *pb.ListFreezesRequest, most limit) error {
	return most.pages(func(size int32, token string, first bool) (int, string, error) {
		req.PageSize, req.PageToken = size, token
		resp, err := cl.freezes.ListFreezes(ctx, req)
		if err != nil {
			return 0, "", err
		}
		return len(resp.GetFreezes()), resp.GetNextPageToken(), f.tell(resp.GetFreezes(), first)
	})
}

func newFreezeRelease(f *freezing) *cobra.Command {
	req := &pb.ReleaseFreezeRequest{}
	cmd := &cobra.Command{
		Use: "release NUMBER --reason R", Short: "Let a number be called again", Args: one("NUMBER"),
		Example: "  refrain freeze release 13800138000 --reason \"the customer asked us to call again\"",
		RunE: f.work(func(cmd *cobra.Command, args []string) error {
			req.Target, req.RequestId = &pb.ReleaseFreezeRequest_Number{Number: args[0]}, uuid.NewString()
			return f.client.with(func(cl *client) error {
				resp, err := cl.freezes.ReleaseFreeze(cmd.Context(), req)
				if err != nil {
					return err
				}
				return f.tellReleased(resp.GetFreezes())
			})
		}),
	}
	reasonFlag(cmd, &req.Reason)
	return cmd
}

func (f *freezing) tellReleased(freezes []*pb.Freeze) error {
	if *f.format == formatJSON {
		return f.tell(freezes, false)
	}
	for _, z := range freezes {
		if err := f.println(fmt.Sprintf("%s is released: %s (%s)", z.GetMaskedNumber(), z.GetName(), cmp.Or(z.GetClass(), z.GetRule(), z.GetReason()))); err != nil {
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
	Line      string       `json:"line"`
	Rule      *string      `json:"rule"`
	Version   *string      `json:"rule_version"`
	CallIDs   []string     `json:"call_ids,omitempty"`
	Note      string       `json:"note"`
	Release   *releaseLine `json:"release"`
}

type releaseLine struct {
	Actor      string  `json:"actor"`
	ReleasedAt *string `json:"released_at"`
	Reason     string  `json:"reason"`
	Cause      string  `json:"cause"`
}

func newFreezeLine(z *pb.Freeze) freezeLine {
	l := freezeLine{
		Freeze: z.GetName(), Number: z.GetMaskedNumber(), Active: z.GetActive(), Reason: z.GetReason(), Class: z.GetClass(),
		From: jsonTime(z.GetStartTime()), Until: jsonTime(z.GetEndTime()), Actor: z.GetActor(), CallID: z.GetCallId(),
		Suspect: orNull(z.GetSuspect()), Recording: orNull(z.GetRecording()), Line: z.GetLine(), Rule: orNull(z.GetRule()),
		Version: orNull(z.GetRuleVersion()), CallIDs: z.GetCallIds(), Note: z.GetNote(), Release: newReleaseLine(z.GetRelease()),
	}
	if z.GetNumber() != "" {
		l.Number = z.GetNumber()
	}
	return l
}

func newReleaseLine(r *pb.Release) *releaseLine {
	if r == nil {
		return nil
	}
	return &releaseLine{r.GetActor(), jsonTime(r.GetReleaseTime()), r.GetReason(), r.GetCause()}
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
	if head && len(freezes) == 0 {
		return f.println("no freezes")
	}
	var t table
	if head {
		t.add("NUMBER", "REASON", "CLASS OR RULE", "FROM", "UNTIL", "LINE", "BY", "CALL", "STANDS", "FREEZE")
	}
	for _, z := range freezes {
		t.add(z.GetMaskedNumber(), z.GetReason(), cmp.Or(z.GetClass(), z.GetRule()), textTime(z.GetStartTime()), cmp.Or(textTime(z.GetEndTime()), "released"),
			cmp.Or(z.GetLine(), "all"), z.GetActor(), cmp.Or(z.GetCallId(), strings.Join(z.GetCallIds(), " ")), f.standing(z), strings.TrimPrefix(z.GetName(), "freezes/"))
	}
	return t.write(f.out)
}

// standing tells in a few words whether a freeze still counts.
func (f *freezing) standing(z *pb.Freeze) string {
	switch r := z.GetRelease(); {
	case r != nil:
		return fmt.Sprintf("released by %s: %s", r.GetActor(), shortened(r.GetReason(), 30))
	case z.GetActive():
		return "yes"
	case z.GetStartTime().AsTime().After(f.now()):
		return "not yet"
	}
	return "ended"
}
