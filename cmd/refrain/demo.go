package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/config"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const demoHelp = `Show the whole way on sample calls: a server is started on free ports with a
temporary directory, the calls are sent to it as a recorder would, heard and judged;
one suspect is confirmed; and the gate is asked whether two of the customers may be
called. Nothing is left behind, unless --keep leaves the server running.

Exit codes: 0 all went as it should, 1 it did not, 2 wrong use.`

const demoExample = `  refrain demo
  refrain demo --keep
  refrain demo --samples /usr/share/refrain/samples`

func newDemo(c *console, open openServer) *cobra.Command {
	var keep bool
	var dir string
	cmd := &cobra.Command{
		Use: "demo", Short: "See the whole way on sample calls", Long: demoHelp, Example: demoExample, Args: none,
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the server running until Ctrl-C")
	cmd.Flags().StringVar(&dir, "samples", "", "the `folder` of sample calls (default: samples here, or beside the program)")
	cmd.RunE = c.work(func(cmd *cobra.Command, _ []string) error {
		calls, err := readSamples(dir)
		if err != nil {
			return err
		}
		return runDemo(cmd.Context(), &demo{console: c, open: open, calls: calls}, keep)
	})
	return cmd
}

// readSamples reads the sample calls of dir, or of where they usually are.
func readSamples(dir string) (*sampleCalls, error) {
	places := []string{dir}
	if dir == "" {
		places = []string{"samples"}
		if exe, err := os.Executable(); err == nil {
			places = append(places, filepath.Join(filepath.Dir(exe), "samples"), filepath.Join(filepath.Dir(exe), "..", "samples"))
		}
	}
	for _, place := range places {
		if _, err := os.Stat(filepath.Join(place, manifestName)); err == nil {
			return openSamples(place)
		}
	}
	return nil, fmt.Errorf("there are no sample calls (%s) in %s; name their folder with --samples", manifestName, places[0])
}

// demo is one run of demo.
type demo struct {
	*console
	calls  *sampleCalls
	open   openServer
	server server
	up     *uploader
	// recordings are what became of the calls, in their order.
	recordings []*pb.Recording
	// classes are those of their suspects, "" where there is none.
	classes []string
}

func runDemo(ctx context.Context, d *demo, keep bool) (err error) {
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
	flags := &clientFlags{server: d.server.GRPCAddr(), actor: "demo"}
	cl, err := flags.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	d.up = newUploader(d.console, cl, func(int64) {})
	err = d.show(ctx)
	if keep && ctx.Err() == nil {
		err = errors.Join(err, d.println(d.whereToLook()...))
		<-ctx.Done()
		return err
	}
	if err != nil {
		return err
	}
	return d.println(nextSteps...)
}

// serve starts a server with its data in dir; stop ends it and waits.
func (d *demo) serve(ctx context.Context, dir string) (stop func() error, err error) {
	cfg := config.Default()
	cfg.Data, cfg.GRPC.Address, cfg.HTTP.Address = dir, "127.0.0.1:0", "127.0.0.1:0"
	cfg.ShutdownGrace = 2 * time.Second
	// What the demo prints tells enough, unless something goes wrong.
	logger := slog.New(slog.NewTextHandler(d.err, &slog.HandlerOptions{Level: slog.LevelError}))
	if d.server, err = d.open(ctx, cfg, logger); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- d.server.Run(ctx) }()
	return func() error { cancel(); return <-done }, nil
}

// show goes the whole way and tells of it.
func (d *demo) show(ctx context.Context) error {
	if err := d.println(fmt.Sprintf("Refrain with its demo model hears %d sample calls, sent as a recorder would send them.", len(d.calls.items)), ""); err != nil {
		return err
	}
	d.calls.begin(timestamppb.New(d.now()))
	if err := d.hear(ctx); err != nil {
		return err
	}
	lines, wrong := d.verdicts()
	if err := d.tellVerdicts(lines); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d calls were judged otherwise than %s says", wrong, len(lines), textsName)
	}
	refused, interested, err := d.choose()
	if err != nil {
		return err
	}
	if err := d.confirm(ctx, refused); err != nil {
		return err
	}
	return d.ask(ctx, refused, interested)
}

// hear sends the calls and waits until all are judged.
func (d *demo) hear(ctx context.Context) error {
	names := make([]string, len(d.calls.items))
	for i, it := range d.calls.items {
		if it.err != nil {
			return fmt.Errorf("%s: %w", it.file, it.err)
		}
		resp, err := d.up.upload(ctx, it)
		if err != nil {
			return fmt.Errorf("%s: %w", it.file, err)
		}
		names[i] = resp.GetRecording().GetName()
	}
	for i, name := range names {
		if err := d.result(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", d.calls.items[i].file, err)
		}
	}
	return nil
}

// result waits for what becomes of a recording.
func (d *demo) result(ctx context.Context, name string) error {
	if _, err := d.up.watch(ctx, name); err != nil {
		return err
	}
	resp, err := d.up.client.recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: name, WithTranscript: true})
	if err != nil {
		return err
	}
	class := ""
	if suspect := resp.GetRecording().GetJudgement().GetSuspectName(); suspect != "" {
		resp, err := d.up.client.reviews.GetSuspect(ctx, &pb.GetSuspectRequest{Name: suspect})
		if err != nil {
			return err
		}
		class = resp.GetSuspect().GetClass()
	}
	d.recordings, d.classes = append(d.recordings, resp.GetRecording()), append(d.classes, class)
	return nil
}

// choose finds a customer who refused and one who talked and did not.
func (d *demo) choose() (refused, interested int, err error) {
	refused, interested = -1, -1
	for i, rec := range d.recordings {
		switch {
		case refused < 0 && rec.GetJudgement().GetSuspect():
			refused = i
		case interested < 0 && !rec.GetJudgement().GetSuspect() && len(rec.GetTranscript().GetSegments()) > 0:
			interested = i
		}
	}
	if refused < 0 || interested < 0 {
		return 0, 0, errors.New("the sample calls need a customer who refuses and one who does not")
	}
	return refused, interested, nil
}

// confirm does as a reviewer would.
func (d *demo) confirm(ctx context.Context, i int) error {
	name := d.recordings[i].GetJudgement().GetSuspectName()
	resp, err := d.up.client.reviews.DecideSuspect(ctx, &pb.DecideSuspectRequest{
		Name: name, Verdict: pb.Decision_VERDICT_CONFIRMED, Note: "confirmed by refrain demo"})
	if err != nil {
		return fmt.Errorf("confirm %s: %w", name, err)
	}
	return d.println("", fmt.Sprintf("A reviewer confirms %s (refrain review confirm %s):", d.recordings[i].GetCallId(), suspectID(name)),
		"  "+decidedText(resp.GetSuspect()))
}

// ask does as a dialler would, about the number that was just frozen and another.
func (d *demo) ask(ctx context.Context, refused, interested int) error {
	if err := d.println("", "The dialler asks before it calls (refrain check NUMBER):"); err != nil {
		return err
	}
	for _, q := range []struct {
		call    int
		allowed bool
	}{{refused, false}, {interested, true}} {
		number := d.calls.items[q.call].meta.GetNumber()
		resp, err := d.up.client.gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: number})
		if err != nil {
			return fmt.Errorf("ask about %s: %w", number, err)
		}
		if err := d.println(fmt.Sprintf("  %s (%s)", answerText(resp.GetAnswer()), d.recordings[q.call].GetCallId())); err != nil {
			return err
		}
		if resp.GetAnswer().GetAllowed() != q.allowed {
			return fmt.Errorf("the gate's answer about %s is wrong", number)
		}
	}
	return nil
}

var nextSteps = []string{
	"", "The server is stopped and its data are gone. Where to go from here:",
	"  refrain demo --keep       the same, and leave the server running to look around",
	"  refrain serve             a server that stays; then send it your own recordings:",
	"  refrain send call.wav --number 13800138000 --agent a17 --call-id 4711 --wait",
	"  refrain model list        models that understand real calls, which the demo model does not",
}

// whereToLook lists what can be tried on the running server.
func (d *demo) whereToLook() []string {
	server := " --server " + d.server.GRPCAddr()
	return []string{
		"", fmt.Sprintf("The server is running: gRPC at %s, HTTP at %s. Try in another terminal:", d.server.GRPCAddr(), d.server.HTTPAddr()),
		"  refrain review list" + server,
		"  refrain review show " + cmp.Or(d.firstSuspect(), "SUSPECT") + server,
		"  refrain freeze list" + server,
		"  refrain check 13800138011 13800138015" + server,
		"  curl http://" + d.server.HTTPAddr() + "/v1/suspects",
		"Ctrl-C stops it and removes its data.",
	}
}

func (d *demo) firstSuspect() string {
	for _, rec := range d.recordings {
		if name := rec.GetJudgement().GetSuspectName(); name != "" {
			return suspectID(name)
		}
	}
	return ""
}
