package review

import (
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// filter says of which suspects a command is.
type filter struct {
	class, line, agent, order    string
	minScore, maxScore           float64
	found, calledAt              usage.Span
	passed                       bool
	since, until, called, before *timestamppb.Timestamp
	by                           pb.SuspectOrder
}

func (f *filter) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.class, "class", "", "only those of this `class`, such as stop_calling")
	flags.StringVar(&f.line, "line", "", "only those of this `line`")
	flags.StringVar(&f.agent, "agent", "", "only those of this `agent`'s calls")
	flags.Float64Var(&f.minScore, "min-score", 0, "only those with this `score` (0 to 1) or more")
	flags.Float64Var(&f.maxScore, "max-score", 0, "only those with this `score` or less")
	f.found.Flags(cmd, "only those found")
	f.calledAt.Of = "called"
	f.calledAt.Flags(cmd, "only calls that began")
	flags.BoolVar(&f.passed, "passed", false, "only those that somebody left to a supervisor")
	flags.StringVar(&f.order, "order", "oldest", "the `order`: oldest, newest or score")
}

// read reads the flags that need it.
func (f *filter) read() (err error) {
	if f.since, f.until, err = f.found.Read(); err != nil {
		return err
	}
	if f.called, f.before, err = f.calledAt.Read(); err != nil {
		return err
	}
	n, ok := pb.SuspectOrder_value["SUSPECT_ORDER_"+strings.ToUpper(f.order)]
	if !ok || n == 0 {
		return usage.Errorf("--order %q is no order; use oldest, newest or score", f.order)
	}
	f.by = pb.SuspectOrder(n)
	return nil
}
