package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// scrubbing is one run of check --file: a list of millions goes through a stream with
// several messages on their way at a time.
type scrubbing struct {
	*checking
	file, out, refusedFile, column string

	list             *list
	allowed, refused io.Writer
	total            scrubLine
	reasons          map[pb.Answer_Reason]int64
	misread          int
	bar              *progress
}

// scrubLine is the outcome as JSON.
type scrubLine struct {
	File    string           `json:"file"`
	Numbers int64            `json:"numbers"`
	Allowed int64            `json:"allowed"`
	Refused map[string]int64 `json:"refused"` // by reason
}

// flights is how many messages may wait for their answers.
const flights = 8

func (s *scrubbing) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.file, "file", "", "scrub the list in this `file`: a number a line, or CSV")
	f.StringVar(&s.out, "out", "", "write the lines that may be called to this `file`, which must not be there yet")
	f.StringVar(&s.refusedFile, "refused", "", "write the other lines to this `file`, which must not be there yet")
	f.StringVar(&s.column, "column", "", "the `column` of the number, by its name in the first line or counted from 1 (default the first)")
	cmd.MarkFlagsRequiredTogether("file", "out")
}

func (s *scrubbing) run(ctx context.Context, flags *clientFlags, args []string) error {
	if len(args) > 0 {
		return misuse("--file names the list; leave %q out", args[0])
	}
	in, err := os.Open(s.file)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	if s.list, err = openList(in, s.column); err != nil {
		return fmt.Errorf("%s: %w", s.file, err)
	}
	s.total = scrubLine{File: s.file, Refused: map[string]int64{}}
	s.reasons = map[pb.Answer_Reason]int64{}
	if info, err := in.Stat(); err == nil {
		s.bar = s.newProgress(info.Size())
	}
	err = flags.with(func(cl *client) error { return s.write(ctx, cl) })
	s.bar.end()
	if err != nil {
		return err
	}
	return s.tellTotal()
}

// write scrubs the list into the files that the user named.
func (s *scrubbing) write(ctx context.Context, cl *client) error {
	return s.into(s.out, func(allowed io.Writer) error {
		return s.into(s.refusedFile, func(refused io.Writer) error {
			s.allowed, s.refused = allowed, refused
			return s.stream(ctx, cl)
		})
	})
}

// into makes a file that begins with the list's header; "" is none.
func (s *scrubbing) into(path string, write func(io.Writer) error) error {
	if path == "" {
		return write(io.Discard)
	}
	f, err := createFile(path)
	if err != nil {
		return err
	}
	if _, err = f.Write(s.list.header); err == nil {
		err = write(f)
	}
	return f.end(err)
}

func (s *scrubbing) stream(ctx context.Context, cl *client) error {
	g, ctx := errgroup.WithContext(ctx)
	stream, err := cl.gate.CheckNumbers(ctx)
	if err != nil {
		return err
	}
	waiting, landed := make(chan *flight, flights), make(chan *flight, flights)
	for range flights {
		landed <- &flight{}
	}
	g.Go(func() error {
		defer close(waiting)
		if err := s.ask(ctx, stream, landed, waiting); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return stream.CloseSend() // after io.EOF the answer says what is wrong
	})
	g.Go(func() error { return s.answer(stream, waiting, landed) })
	return g.Wait()
}

// ask sends the list, a flight a message, as fast as flights land.
func (s *scrubbing) ask(ctx context.Context, stream pb.GateService_CheckNumbersClient, landed <-chan *flight, waiting chan<- *flight) error {
	req := &pb.CheckNumbersRequest{At: s.at, Line: s.line, Agent: s.agent, RefusedOnly: true}
	for {
		var f *flight
		select {
		case f = <-landed:
		case <-ctx.Done():
			return ctx.Err()
		}
		err := s.list.fill(f)
		if err != nil {
			return fmt.Errorf("%s: %w", s.file, err)
		}
		if len(f.ends) == 0 {
			return nil
		}
		req.Numbers = f.numbers
		if err := stream.Send(req); err != nil {
			return err
		}
		waiting <- f // there is room for all
	}
}

func (s *scrubbing) answer(stream pb.GateService_CheckNumbersClient, waiting <-chan *flight, landed chan<- *flight) error {
	for f := range waiting {
		resp, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := s.sort(f, resp.GetAnswers()); err != nil {
			return err
		}
		s.bar.set(f.read)
		landed <- f
	}
	return nil
}

// sort writes the lines of a message where they belong.
func (s *scrubbing) sort(f *flight, refused []*pb.Answer) error {
	next := 0 // the line after the one that was refused last
	for _, a := range refused {
		i := int(a.GetIndex())
		if i < next || i >= len(f.ends) {
			return errors.New("the server's answer does not fit the question")
		}
		if _, err := s.allowed.Write(f.between(next, i)); err != nil {
			return err
		}
		if _, err := s.refused.Write(f.between(i, i+1)); err != nil {
			return err
		}
		s.count(f, a)
		next = i + 1
	}
	s.total.Numbers += int64(len(f.ends))
	s.total.Allowed += int64(len(f.ends) - len(refused))
	_, err := s.allowed.Write(f.between(next, len(f.ends)))
	return err
}

func (s *scrubbing) count(f *flight, a *pb.Answer) {
	p := a.GetError()
	if p == nil {
		s.reasons[a.GetReason()]++
		return
	}
	s.misread++
	s.bar.hide()
	switch i := a.GetIndex(); {
	case s.misread <= maxComplaints:
		s.complain("%s:%d: %s: %s", s.file, f.places[i], shortened(f.numbers[i], 40), p.GetMessage())
	case s.misread == maxComplaints+1:
		s.complain("more lines have no number that can be understood")
	}
}

func (s *scrubbing) tellTotal() error {
	for reason, n := range s.reasons {
		s.total.Refused[enumName(reason, "REASON_")] = n
	}
	if s.misread > 0 {
		s.total.Refused["invalid_number"] = int64(s.misread)
	}
	if err := s.tell(); err != nil || s.misread == 0 {
		return err
	}
	return fmt.Errorf("%d of %d numbers were not understood, so they are not in %s", s.misread, s.total.Numbers, s.out)
}

func (s *scrubbing) tell() error {
	if s.format == formatJSON {
		return s.json(s.total)
	}
	parts := []string{fmt.Sprintf("%d numbers, %d may be called", s.total.Numbers, s.total.Allowed)}
	for _, reason := range sortedKeys(s.total.Refused) {
		parts = append(parts, fmt.Sprintf("%d refused (%s)", s.total.Refused[reason], reason))
	}
	return s.println(strings.Join(parts, ", "))
}
