package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/serve"
	"github.com/refrain-asr/refrain/internal/cli/upload"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Show the whole way on sample calls: a server is started on free ports with a
temporary directory, the calls are sent to it as a recorder would, heard and judged;
one suspect is confirmed; and the gate is asked whether two of the customers may be
called. Nothing is left behind, unless --keep leaves the server running.

Exit codes: 0 all went as it should, 1 it did not, 2 wrong use.`

const example = `  refrain demo
  refrain demo --keep
  refrain demo --samples /usr/share/refrain/samples`

// New makes refrain demo, which opens its server with open.
func New(c *console.Console, open serve.OpenServer) *cobra.Command {
	var keep bool
	var dir, model string
	cmd := &cobra.Command{
		Use: "demo", Short: "See the whole way on sample calls", Long: help, Example: example,
		Args: usage.NoArgs,
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the server running until Ctrl-C")
	cmd.Flags().StringVar(&dir, "samples", "", "the `folder` of sample calls (default: samples "+
		"here, or beside the program)")
	cmd.Flags().StringVar(&model, "model", "", "the `model` that hears them (default base-q8_0, "+
		"inside the program)")
	cmd.RunE = c.Action(func(cmd *cobra.Command, _ []string) error {
		calls, err := readSamples(dir)
		if err != nil {
			return err
		}
		return run(cmd.Context(), &demo{Console: c, open: open, calls: calls, model: model},
			keep)
	})
	return cmd
}

// readSamples reads the sample calls of dir, or of where they usually are.
func readSamples(dir string) (*samples, error) {
	places := []string{dir}
	if dir == "" {
		places = []string{"samples"}
		if exe, err := os.Executable(); err == nil {
			places = append(places, filepath.Join(filepath.Dir(exe), "samples"),
				filepath.Join(filepath.Dir(exe), "..", "samples"))
		}
	}
	for _, place := range places {
		if _, err := os.Stat(filepath.Join(place, manifestName)); err == nil {
			return openSamples(place)
		}
	}
	return nil, fmt.Errorf("there are no sample calls (%s) in %s; name their folder with --samples",
		manifestName, places[0])
}

// demo is one run of demo.
type demo struct {
	*console.Console
	calls  *samples
	model  string // as the configuration names it
	open   serve.OpenServer
	server serve.Server
	up     *upload.Uploader
	// recordings are what became of the calls, in their order.
	recordings []*pb.Recording
	// classes are those of their suspects, "" where there is none.
	classes []string
}

func run(ctx context.Context, d *demo, keep bool) (err error) {
	dir, err := os.MkdirTemp("", "refrain-demo-")
	if err != nil {
		return fmt.Errorf("a folder for the demo's data: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	stop, err := d.serve(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	flags := &client.Flags{Server: d.server.GRPCAddr(), Actor: "demo"}
	cl, err := flags.Dial()
	if err != nil {
		return err
	}
	defer cl.Close()
	d.up = upload.New(d.Console, cl, func(int64) {})
	err = d.show(ctx)
	if keep && ctx.Err() == nil {
		err = errors.Join(err, d.Println(d.hints()...))
		<-ctx.Done()
		return err
	}
	if err != nil {
		return err
	}
	return d.Println(nextSteps...)
}

// serve starts a server with its data in dir; stop ends it and waits.
func (d *demo) serve(ctx context.Context, dir string) (stop func() error, err error) {
	cfg := config.Default()
	cfg.Data, cfg.GRPC.Address, cfg.HTTP.Address = dir, "127.0.0.1:0", "127.0.0.1:0"
	cfg.Speech.Model = d.model
	cfg.Review.BlindShare, cfg.Review.SecondShare = 0, 0 // each of its calls is shown for a reason
	cfg.ShutdownGrace = 2 * time.Second
	// What the demo prints tells enough, unless something goes wrong.
	logger := slog.New(slog.NewTextHandler(d.Err, &slog.HandlerOptions{Level: slog.LevelError}))
	if d.server, err = d.open(ctx, cfg, logger); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- d.server.Run(ctx) }()
	return func() error { cancel(); return <-done }, nil
}
