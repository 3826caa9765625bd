package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// ending reads --for and --until, which say when something ends.
type ending struct{ period, until string }

func (e *ending) flags(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&e.period, "for", "", "for how long, such as 60d; "+what)
	cmd.Flags().StringVar(&e.until, "until", "", "until this `RFC 3339` time")
	cmd.MarkFlagsMutuallyExclusive("for", "until")
}

func (e *ending) read() (*durationpb.Duration, *timestamppb.Timestamp, error) {
	switch {
	case e.period != "":
		d, err := parsePeriod(e.period)
		if err != nil {
			return nil, nil, misuse("--for %q %v", e.period, err)
		}
		return durationpb.New(d), nil, nil
	case e.until != "":
		t, err := parseTime(e.until)
		if err != nil {
			return nil, nil, misuse("--until %q %v", e.until, err)
		}
		return nil, t, nil
	}
	return nil, nil, nil
}

func newFreezeAdd(f *freezing) *cobra.Command {
	var end ending
	req := &pb.CreateFreezeRequest{}
	cmd := &cobra.Command{
		Use: "add NUMBER --reason R", Short: "Freeze a number", Args: one("NUMBER"),
		Example: "  refrain freeze add 13800138000 --reason \"asked us in a letter\" --for 180d\n" +
			"  refrain freeze add 13800138000 --reason \"has a loan already\" --line loans",
	}
	reasonFlag(cmd, &req.Reason)
	cmd.Flags().StringVar(&req.Line, "line", "", "only calls on this `line`; without it, all")
	end.flags(cmd, "without it, until released")
	cmd.RunE = f.work(func(cmd *cobra.Command, args []string) error {
		period, until, err := end.read()
		if err != nil {
			return err
		}
		req.Number, req.RequestId = args[0], uuid.NewString()
		switch {
		case period != nil:
			req.End = &pb.CreateFreezeRequest_Period{Period: period}
		case until != nil:
			req.End = &pb.CreateFreezeRequest_EndTime{EndTime: until}
		}
		return f.change(cmd.Context(), func(ctx context.Context, cl *client) (*pb.Freeze, error) {
			resp, err := cl.freezes.CreateFreeze(ctx, req)
			return resp.GetFreeze(), err
		})
	})
	return cmd
}

func newFreezeExtend(f *freezing) *cobra.Command {
	var end ending
	req := &pb.ExtendFreezeRequest{}
	cmd := &cobra.Command{
		Use: "extend FREEZE --reason R", Short: "Move the end of a freeze to a later time", Args: one("FREEZE"),
		Example: "  refrain freeze extend freezes/01JNB3W2X7Q5T8Z6Y4V0KMRDHP --for 90d --reason \"asked again to be left alone\"",
	}
	reasonFlag(cmd, &req.Reason)
	end.flags(cmd, "counted from now; without it, until released")
	cmd.RunE = f.work(func(cmd *cobra.Command, args []string) error {
		period, until, err := end.read()
		if err != nil {
			return err
		}
		req.Name, req.RequestId = resourceName("freezes", args[0]), uuid.NewString()
		switch {
		case period != nil:
			req.End = &pb.ExtendFreezeRequest_Period{Period: period}
		case until != nil:
			req.End = &pb.ExtendFreezeRequest_EndTime{EndTime: until}
		}
		return f.change(cmd.Context(), func(ctx context.Context, cl *client) (*pb.Freeze, error) {
			resp, err := cl.freezes.ExtendFreeze(ctx, req)
			return resp.GetFreeze(), err
		})
	})
	return cmd
}

// change makes one change and tells of the freeze.
func (f *freezing) change(ctx context.Context, do func(context.Context, *client) (*pb.Freeze, error)) error {
	return f.client.with(func(cl *client) error {
		z, err := do(ctx, cl)
		if err != nil {
			return err
		}
		if *f.format == formatJSON {
			return f.json(newFreezeLine(z))
		}
		until := "until somebody releases it"
		if z.GetEndTime() != nil {
			until = "until " + textTime(z.GetEndTime())
		}
		return f.println(fmt.Sprintf("%s is frozen %s: %s", z.GetMaskedNumber(), until, z.GetName()))
	})
}
