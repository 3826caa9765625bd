package freeze

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/number"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newRelease(f *command) *cobra.Command {
	req := &pb.ReleaseFreezeRequest{}
	cmd := &cobra.Command{
		Use: "release NUMBER|freezes/ID --reason R", Short: "Let a number be called again",
		Long: "Let a number be called again: a number releases all that freezes it, the name of a " +
			"freeze\nonly that one, such as the freeze of one line. Rules count only later calls from " +
			"then on;\nafter the release of a rule's own freeze, that rule does.",
		Args: usage.OneArg("NUMBER or freezes/ID"),
		Example: "  refrain freeze release 13800138000 --reason \"the customer asked us to call " +
			"again\"\n" +
			"  refrain freeze release freezes/01M8H7VN0KNDJ3GE2HF57VV2WS --reason \"wants loans again\"",
		RunE: f.Action(func(cmd *cobra.Command, args []string) error {
			req.Target, req.RequestId = &pb.ReleaseFreezeRequest_Number{Number: args[0]},
				ulid.Make().String()
			if strings.HasPrefix(args[0], "freezes/") {
				req.Target = &pb.ReleaseFreezeRequest_Name{Name: args[0]}
			}
			return f.client.With(func(cl *client.Client) error {
				resp, err := cl.Freezes.ReleaseFreeze(cmd.Context(), req)
				if err != nil {
					return err
				}
				return f.printReleased(resp, args[0])
			})
		}),
	}
	usage.ReasonFlag(cmd, &req.Reason)
	return cmd
}

// erasedNumber stands for the number of a freeze that stands on though its person was erased.
const erasedNumber = "an erased number"

// printReleased tells what became of a number's freezes. The freezes of a person that was erased know no
// number: then it is the one that was typed.
func (f *command) printReleased(resp *pb.ReleaseFreezeResponse, typed string) error {
	if *f.format == output.JSON {
		return f.rows().Page(resp.GetFreezes())
	}
	who := erasedNumber
	if !strings.HasPrefix(typed, "freezes/") {
		who = number.MaskName(typed)
	}
	say := func(what string, z *pb.Freeze) error {
		return f.Println(fmt.Sprintf("%s %s: %s (%s)", cmp.Or(z.GetMaskedNumber(), who), what, z.GetName(),
			cmp.Or(z.GetClass(), z.GetRule(), z.GetReason())))
	}
	var errs []error
	for _, z := range resp.GetFreezes() {
		errs = append(errs, say("is released", z))
	}
	for _, z := range resp.GetStanding() {
		errs = append(errs, say("is still frozen", z))
	}
	return errors.Join(errs...)
}
