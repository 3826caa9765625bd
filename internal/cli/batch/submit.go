package batch

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/hearing"
	"github.com/refrain-asr/refrain/internal/cli/naming"
	"github.com/refrain-asr/refrain/internal/cli/upload"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// submission is one run that hands an archive to a server.
type submission struct {
	*batch
	setup *hearing.Setup
	bar   *console.Progress

	sums    SubmitSummary
	weight  int64
	waiting bool // it was told that the server has enough to do
	// elsewhere are folders that are in none of the server's archives.
	elsewhere sync.Map
}

// sideBySide is how many recordings are handed over at once: the server writes each to its disk.
const sideBySide = 4

// submit hands all calls to a server, as recorders would have, behind what is live.
func submit(ctx context.Context, c *console.Console, o *options, args []string) error {
	if o.out != "" || o.force || o.fullNumbers {
		return usage.Errorf("--submit hands the calls to a server, which hears them: leave --out, --force and " +
			"--full-numbers out")
	}
	src, err := o.source(args)
	if err != nil {
		return err
	}
	s := &submission{batch: &batch{Console: c, o: o, source: src, sums: newSums(c.Now)}}
	if s.setup, err = hearing.Configure(c, o.hearing); err != nil {
		return err
	}
	s.bar = c.ByteProgress(src.bytes(ctx))
	defer s.bar.End()
	if err := s.all(ctx); err != nil {
		return fmt.Errorf("%w; %d calls were handed over, and to say the same again goes on", err, s.sums.taken())
	}
	s.bar.End()
	s.sums.NotAudio, s.sums.Unnamed = src.notAudio(), s.batch.sums.Unnamed
	if err := s.summary(); err != nil {
		return err
	}
	return console.Failures(s.sums.Failed, s.sums.Calls)
}

// all hands over all calls, several side by side.
func (s *submission) all(ctx context.Context) error {
	work, inner := errgroup.WithContext(ctx)
	calls := make(chan *call)
	jobs := sideBySide
	if s.o.jobs > 0 {
		jobs = s.o.jobs
	}
	for range jobs {
		work.Go(func() error { return s.work(inner, calls) })
	}
	work.Go(func() error {
		defer close(calls)
		return s.source.calls(inner, s.batch, func(c *call) bool {
			select {
			case calls <- c:
				return true
			case <-inner.Done():
				c.release()
				return false
			}
		})
	})
	return work.Wait()
}

// work hands over calls by a connection of its own. It fails where the server is gone: then the rest would
// fail in the same way.
func (s *submission) work(ctx context.Context, calls <-chan *call) error {
	cl, err := s.o.client.Dial()
	if err != nil {
		return err
	}
	defer cl.Close()
	up := upload.New(s.Console, cl, func(int64) {})
	for c := range calls {
		m, err := s.metadata(c)
		if err == nil {
			err = s.patiently(ctx, func() error { return s.hand(ctx, up, c, m) })
		}
		c.release()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if client.Temporary(err) {
			return err
		}
		if err := s.told(c, err); err != nil {
			return err
		}
	}
	return nil
}

// errUnnamed is of a call of which nobody said which it is.
var errUnnamed = errors.New("nothing tells its call id and its customer's number: name a --preset or --template that " +
	"fits, or a --manifest")

// metadata are what the server is told of a call.
func (s *submission) metadata(c *call) (*pb.RecordingMetadata, error) {
	if c.err != nil {
		return nil, c.err
	}
	f := c.facts
	if f.CallID == "" || f.Number == "" {
		return nil, errUnnamed
	}
	m := &pb.RecordingMetadata{CallId: f.CallID, Part: c.part(), Number: f.Number, Agent: f.Agent, Line: f.Line,
		Source: f.Source, Priority: pb.Priority_PRIORITY_BACKLOG, CustomerChannel: s.channel(c),
		UnfinishedOk: true} // whatever was still written will be sent again, longer
	if m.GetSource() == "" {
		m.Source = "archive"
	}
	if !f.Start.IsZero() {
		m.StartTime = timestamppb.New(f.Start)
	}
	if answered := max(c.answered, s.setup.Answered); answered > 0 {
		m.AnswerOffset = durationpb.New(answered)
	}
	return m, nil
}

func (s *submission) channel(c *call) pb.Channel {
	is := c.channel
	switch {
	case c.agent != nil:
		is = audio.Right // as join writes it
	case is == "" && c.facts.Side == naming.Customer:
		is = audio.Mono
	case is == "":
		is = s.setup.Channel
	}
	for ch, name := range channels {
		if name == is {
			return ch
		}
	}
	return pb.Channel_CHANNEL_UNSPECIFIED
}

// fullPause is how long to wait for a server whose backlog is full.
const fullPause = 5 * time.Second

// patiently does f again while the server's backlog is full.
func (s *submission) patiently(ctx context.Context, f func() error) error {
	for {
		err := f()
		if client.ReasonOf(err) != client.BacklogFull {
			return err
		}
		s.wait(err)
		if err := s.Pause(ctx, fullPause); err != nil {
			return err
		}
	}
}

// wait says once why nothing happens.
func (s *submission) wait(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.waiting {
		s.bar.Hide()
		s.Errorf("%v; waiting", err)
	}
	s.waiting = true
}

// hand hands a call over: where it lies, if that is in an archive of the server's, or else its bytes.
func (s *submission) hand(
	ctx context.Context, up *upload.Uploader, c *call, m *pb.RecordingMetadata,
) error {
	if path, ok := s.inPlace(c); ok {
		resp, err := up.Refer(ctx, m, path)
		if reason := client.ReasonOf(err); reason != "NOT_IN_ARCHIVE" && reason != "SHA256_MISMATCH" {
			c.answer, c.referred = resp, err == nil
			return err
		}
		s.elsewhere.Store(filepath.Dir(path), true)
	}
	src, err := c.open(ctx, s.setup)
	if err != nil {
		return err
	}
	defer c.close()
	c.answer, err = up.UploadSound(ctx, m, src.Name, src.Sound, src.Size)
	return err
}

// inPlace is where a call's one file lies, if the server may know that place.
func (s *submission) inPlace(c *call) (string, bool) {
	if c.item.Member != "" || c.agent != nil || audio.Headerless(c.item.File) {
		return "", false
	}
	path, err := filepath.Abs(c.item.File)
	if err != nil {
		return "", false
	}
	_, elsewhere := s.elsewhere.Load(filepath.Dir(path))
	return path, !elsewhere
}
