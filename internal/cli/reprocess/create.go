package reprocess

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// order is what the flags ask for.
type order struct {
	selection           pb.RunSelection
	between             usage.Span
	state               string
	try                 string
	apply, speech, wait bool
	noWait              bool
	perDay              int
}

// addCreate makes cmd create a run.
func (r *command) addCreate(cmd *cobra.Command) {
	var o order
	f, s := cmd.Flags(), &o.selection
	o.between.Flags(cmd, "only calls that began")
	f.StringVar(&s.Agent, "agent", "", "only calls of this `agent`")
	f.StringVar(&s.Line, "line", "", "only calls on this `line`, as their reports name it")
	f.StringVar(&s.Source, "source", "", "only recordings of this `source`")
	f.StringVar(&s.Class, "class", "", "only suspects of this `class`")
	f.StringVar(&s.Lexicon, "lexicon", "", "only verdicts of this lexicon's `version`")
	f.StringVar(&o.state, "suspect", "", "only calls of which this became: none, undecided, "+
		"confirmed or dismissed `suspects`")
	f.BoolVar(&o.apply, "apply", false, "store what changes and open suspects; else only tell")
	f.BoolVar(&o.speech, "speech", false, "hear the calls again first, with the server's model of now")
	f.IntVar(&o.perDay, "cap", 0, "open at most so `many` suspects a day; 0 for what the server is "+
		"configured to")
	f.BoolVar(&o.wait, "wait", true, "wait until all is judged, and print what was found")
	f.BoolVar(&o.noWait, "no-wait", false, "don't wait: print the run's name")
	f.StringVar(&o.try, "try", "", "judge by the lexicon in this `FILE` instead of the one in force, and only tell")
	cmd.MarkFlagsMutuallyExclusive("wait", "no-wait")
	cmd.MarkFlagsMutuallyExclusive("try", "apply")
	cmd.RunE = r.Action(func(cmd *cobra.Command, _ []string) error {
		req, err := o.request()
		if err != nil {
			return err
		}
		return r.client.With(func(cl *client.Client) error {
			return r.create(cmd.Context(), cl, req, o.wait && !o.noWait)
		})
	})
}

// request is the order as the API takes it.
func (o *order) request() (req *pb.CreateRunRequest, err error) {
	if o.selection.StartTime, o.selection.EndTime, err = o.between.Read(); err != nil {
		return nil, err
	}
	state, ok := pb.RunSelection_SuspectState_value["SUSPECT_STATE_"+strings.ToUpper(o.state)]
	if o.state != "" && (!ok || state == 0) {
		return nil, usage.Errorf("--suspect %q must be none, undecided, confirmed or dismissed", o.state)
	}
	if o.perDay < 0 || o.perDay > math.MaxInt32 {
		return nil, usage.Errorf("--cap is %d; it must be 1 or more, or 0 for what the server is "+
			"configured to", o.perDay)
	}
	o.selection.SuspectState = pb.RunSelection_SuspectState(state)
	req = &pb.CreateRunRequest{Selection: &o.selection, Apply: o.apply, Speech: o.speech,
		MaxSuspectsPerDay: int32(o.perDay), RequestId: ulid.Make().String()}
	if o.try != "" {
		source, err := lexicon.Read(o.try)
		if err != nil {
			return nil, err
		}
		req.LexiconSource = string(source.Text)
	}
	return req, nil
}

func (r *command) create(
	ctx context.Context, cl *client.Client, req *pb.CreateRunRequest, wait bool,
) error {
	resp, err := cl.Batch.CreateRun(ctx, req)
	if err != nil {
		return err
	}
	run := resp.GetRun()
	if !wait {
		return r.printRun(run)
	}
	run, err = r.await(ctx, cl, run)
	if err != nil {
		if ctx.Err() != nil {
			r.Errorf("the run goes on at the server; see: refrain reprocess show %s", runID(run))
		}
		return err
	}
	if err := r.printRun(run); err != nil {
		return err
	}
	return outcomeOf(run)
}

// outcomeOf is an error where the run didn't do what it was to.
func outcomeOf(run *pb.Run) error {
	if run.GetState() == pb.Run_STATE_FAILED {
		return console.Failures(1, 1)
	}
	return console.Failures(int(run.GetTally().GetFailed()), int(run.GetDone()))
}

// lookEvery is how often it is looked how far a run has come.
const lookEvery = 300 * time.Millisecond

// await waits until a run has judged everything, or doesn't go on, and shows how far it is.
func (r *command) await(ctx context.Context, cl *client.Client, run *pb.Run) (*pb.Run, error) {
	var bar *console.Progress
	defer func() { bar.End() }()
	for last := false; !last; {
		last = !goesOn(run) // one look more: the first suspects are opened just after
		if last && run.GetState() != pb.Run_STATE_OPENING {
			return run, nil
		}
		if err := r.Pause(ctx, lookEvery); err != nil {
			return run, err
		}
		resp, err := cl.Batch.GetRun(ctx, &pb.GetRunRequest{Name: run.GetName()})
		if err != nil {
			return run, err
		}
		run = resp.GetRun()
		if bar == nil && run.GetTotal() > 0 {
			bar = r.CountProgress(int(run.GetTotal()))
			bar.Describe("judging again")
		}
		bar.Set(run.GetDone())
	}
	return run, nil
}

func goesOn(run *pb.Run) bool {
	return run.GetState() == pb.Run_STATE_QUEUED || run.GetState() == pb.Run_STATE_RUNNING
}

// runID is the id in a run's name, as users type it.
func runID(run *pb.Run) string { return strings.TrimPrefix(run.GetName(), "runs/") }

// stateName is a run's state as it is printed.
func stateName(run *pb.Run) string { return output.EnumName(run.GetState(), "STATE_") }
