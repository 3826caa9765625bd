package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// inFlight is how many batches may wait for their answers.
const inFlight = 8

// stream asks about the list, and sorts its lines by the answers.
func (s *scrubber) stream(ctx context.Context, cl *client.Client) error {
	g, ctx := errgroup.WithContext(ctx)
	stream, err := cl.Gate.CheckNumbers(ctx)
	if err != nil {
		return err
	}
	pending, free := make(chan *batch, inFlight), make(chan *batch, inFlight)
	for range inFlight {
		free <- &batch{}
	}
	g.Go(func() error {
		defer close(pending)
		if err := s.ask(ctx, stream, free, pending); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return stream.CloseSend() // after io.EOF the answer says what is wrong
	})
	g.Go(func() error { return s.answer(stream, pending, free) })
	return g.Wait()
}

// ask sends the list, a message a batch, as fast as batches become free.
func (s *scrubber) ask(
	ctx context.Context, stream pb.GateService_CheckNumbersClient, free <-chan *batch,
	pending chan<- *batch,
) error {
	req := &pb.CheckNumbersRequest{At: s.at, Line: s.line, Agent: s.agent, RefusedOnly: true}
	for {
		var b *batch
		select {
		case b = <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
		err := s.list.fill(b)
		if err != nil {
			return fmt.Errorf("%s: %w", s.file, err)
		}
		if len(b.ends) == 0 {
			return nil
		}
		req.Numbers = b.numbers
		if err := stream.Send(req); err != nil {
			return err
		}
		pending <- b // there is room for all
	}
}

func (s *scrubber) answer(
	stream pb.GateService_CheckNumbersClient, pending <-chan *batch, free chan<- *batch,
) error {
	for b := range pending {
		resp, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := s.sort(b, resp.GetAnswers()); err != nil {
			return err
		}
		s.bar.Set(b.read)
		free <- b
	}
	return nil
}

// sort writes the lines of a batch where they belong.
func (s *scrubber) sort(b *batch, refused []*pb.Answer) error {
	next := 0 // the line after the one that was refused last
	for _, a := range refused {
		i := int(a.GetIndex())
		if i < next || i >= len(b.ends) {
			return errors.New("the server's answer does not fit the question")
		}
		if _, err := s.allowed.Write(b.between(next, i)); err != nil {
			return err
		}
		if _, err := s.refused.Write(b.between(i, i+1)); err != nil {
			return err
		}
		if err := s.count(b, a); err != nil {
			return err
		}
		next = i + 1
	}
	s.total.Numbers += int64(len(b.ends))
	s.total.Allowed += int64(len(b.ends) - len(refused))
	_, err := s.allowed.Write(b.between(next, len(b.ends)))
	return err
}

// count counts a refused line. Where the calling hours refuse it and nobody said for when
// the list is, it is an error: at 07:00 a whole campaign would be left out.
func (s *scrubber) count(b *batch, a *pb.Answer) error {
	p := a.GetError()
	if p == nil {
		s.reasons[a.GetReason()]++
		if a.GetReason() != pb.Answer_REASON_HOURS {
			return nil
		}
		if s.opens = a.GetUntil(); s.at == nil {
			return usage.Errorf("it is outside of the calling hours now, which alone would refuse "+
				"numbers that may be called later; say for when the list is, such as --at %s",
				s.opensAt())
		}
		return nil
	}
	s.invalid++
	s.bar.Hide()
	switch i := a.GetIndex(); {
	case s.invalid <= console.MaxErrors:
		why := p.GetMessage()
		if _, err := sheet.Number(b.numbers[i]); err != nil {
			why = err.Error()
		}
		s.Errorf("%s:%d: %s: %s", s.file, b.places[i], output.Shorten(b.numbers[i], 40), why)
	case s.invalid == console.MaxErrors+1:
		s.Errorf("more lines have no number that can be understood")
	}
	return nil
}

// opensAt is when the calling hours begin again, where the person who asks is.
func (s *scrubber) opensAt() string { return s.opens.AsTime().In(output.Zone()).Format(time.RFC3339) }
