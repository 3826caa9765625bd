package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
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

	index   int // of the column that holds the number, from 0
	header  []byte
	allowed *bufio.Writer
	refused *bufio.Writer
	total   scrubLine
	bar     *progress
}

// scrubLine is the outcome as JSON.
type scrubLine struct {
	File    string           `json:"file"`
	Numbers int64            `json:"numbers"`
	Allowed int64            `json:"allowed"`
	Refused map[string]int64 `json:"refused"` // by reason
}

// flight is a message that waits for its answer: lines as they stand in the file.
type flight struct {
	lines []byte
	ends  []int
	read  int64
}

// flights is how many messages may wait for their answers.
const flights = 8

func (s *scrubbing) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.file, "file", "", "scrub the list in this `file`: a number a line, or CSV")
	f.StringVar(&s.out, "out", "", "write the lines that may be called to this `file`, which must not be there yet")
	f.StringVar(&s.refusedFile, "refused", "", "write the other lines to this `file`")
	f.StringVar(&s.column, "column", "", "the `column` of the number, by its name in the first line or counted from 1")
	cmd.MarkFlagsRequiredTogether("file", "out")
}

func (s *scrubbing) run(ctx context.Context, flags *clientFlags, args []string) (err error) {
	if len(args) > 0 {
		return misuse("--file names the list; leave %q out", args[0])
	}
	in, err := os.Open(s.file)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // it was only read
	if info, err := in.Stat(); err == nil {
		s.bar = s.newProgress(info.Size())
	}
	defer s.bar.end()
	s.total = scrubLine{File: s.file, Refused: map[string]int64{}}
	lines := bufio.NewReaderSize(skipBOM(in), 1<<18)
	if err := s.findColumn(lines); err != nil {
		return fmt.Errorf("%s: %w", s.file, err)
	}
	var closers []func() error
	for path, w := range map[string]**bufio.Writer{s.out: &s.allowed, s.refusedFile: &s.refused} {
		closeFile, err := s.create(path, w)
		if err != nil {
			return err
		}
		closers = append(closers, closeFile)
	}
	err = s.stream(ctx, flags, lines)
	for _, c := range closers {
		err = errors.Join(err, c())
	}
	s.bar.end()
	if err != nil {
		return fmt.Errorf("%w; %s is not complete", err, s.out)
	}
	return s.tellTotal()
}

func (s *scrubbing) create(path string, w **bufio.Writer) (closeFile func() error, err error) {
	if path == "" {
		*w = bufio.NewWriter(io.Discard)
		return func() error { return nil }, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	*w = bufio.NewWriterSize(f, 1<<18)
	_, err = (*w).Write(s.header)
	return func() error { return errors.Join((*w).Flush(), f.Close()) }, err
}

// findColumn reads the first line, and keeps it as a header where no telephone number
// stands in the column.
func (s *scrubbing) findColumn(in *bufio.Reader) error {
	first, err := in.Peek(min(in.Size(), 1<<16))
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	line, _, _ := bytes.Cut(first, []byte("\n"))
	names, err := splitCSV(string(bytes.TrimRight(line, "\r")))
	if err != nil && len(line) > 0 {
		return fmt.Errorf("its first line is not readable as CSV: %w", err)
	}
	if n, err := strconv.Atoi(s.column); err == nil {
		if n < 1 || n > len(names) {
			return fmt.Errorf("--column %d: the first line has %d columns", n, len(names))
		}
		s.index = n - 1
	} else if s.column != "" {
		if s.index = indexFold(names, s.column); s.index < 0 {
			return fmt.Errorf("--column %q: the columns are %s", s.column, strings.Join(names, ", "))
		}
	}
	if s.index < len(names) && !strings.ContainsAny(names[s.index], "0123456789０１２３４５６７８９") {
		s.header = bytes.Clone(first[:min(len(line)+1, len(first))])
		_, err = in.Discard(len(s.header))
		return err
	}
	return nil
}

func indexFold(names []string, name string) int {
	for i, n := range names {
		if strings.EqualFold(strings.TrimSpace(n), name) {
			return i
		}
	}
	return -1
}

func (s *scrubbing) stream(ctx context.Context, flags *clientFlags, in *bufio.Reader) error {
	cl, err := flags.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	g, ctx := errgroup.WithContext(ctx)
	stream, err := cl.gate.CheckNumbers(ctx)
	if err != nil {
		return err
	}
	waiting := make(chan flight, flights)
	g.Go(func() error {
		defer close(waiting)
		if err := s.ask(ctx, stream, in, waiting); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return stream.CloseSend() // after io.EOF the answer says what is wrong
	})
	g.Go(func() error { return s.answer(stream, waiting) })
	return g.Wait()
}

func (s *scrubbing) ask(ctx context.Context, stream pb.GateService_CheckNumbersClient, in *bufio.Reader, waiting chan<- flight) error {
	for read := int64(0); ; {
		f, numbers, err := s.next(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(numbers) == 0 {
			return nil
		}
		read += int64(len(f.lines))
		f.read = read
		select {
		case waiting <- f:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := stream.Send(&pb.CheckNumbersRequest{Numbers: numbers, At: s.at, Line: s.line, Agent: s.agent, RefusedOnly: true}); err != nil {
			return err
		}
	}
}

// next reads up to a message's worth of lines. Empty lines are dropped.
func (s *scrubbing) next(in *bufio.Reader) (f flight, numbers []string, err error) {
	f.lines, f.ends = make([]byte, 0, checkBatch*16), make([]int, 0, checkBatch)
	starts := 0
	for len(f.ends) < checkBatch {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return f, nil, fmt.Errorf("%s has a line of more than %d bytes", s.file, len(line))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return f, nil, err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			f.lines = append(f.lines, line...)
			if line[len(line)-1] != '\n' {
				f.lines = append(f.lines, '\n')
			}
			f.ends = append(f.ends, len(f.lines))
		}
		if err != nil {
			break
		}
	}
	text := string(f.lines) // one copy for all numbers of the message
	numbers = make([]string, len(f.ends))
	for i, end := range f.ends {
		numbers[i] = s.cell(text[starts:end])
		starts = end
	}
	return f, numbers, nil
}

// cell is the number of a line.
func (s *scrubbing) cell(line string) string {
	line = strings.TrimRight(line, "\r\n")
	if strings.IndexByte(line, '"') >= 0 {
		if row, err := splitCSV(line); err == nil && s.index < len(row) {
			return strings.TrimSpace(row[s.index])
		}
		return line
	}
	for range s.index {
		_, line, _ = strings.Cut(line, ",")
	}
	if i := strings.IndexByte(line, ','); i >= 0 {
		line = line[:i]
	}
	return strings.TrimSpace(line)
}

func (s *scrubbing) answer(stream pb.GateService_CheckNumbersClient, waiting <-chan flight) error {
	for f := range waiting {
		resp, err := stream.Recv()
		if err != nil {
			return err
		}
		if err := s.sort(f, resp.GetAnswers()); err != nil {
			return err
		}
		s.bar.set(f.read)
	}
	return nil
}

// sort writes the lines of a message where they belong.
func (s *scrubbing) sort(f flight, refused []*pb.Answer) error {
	start := 0
	for _, a := range refused {
		i := int(a.GetIndex())
		if i < 0 || i >= len(f.ends) || i > 0 && f.ends[i-1] < start {
			return errors.New("the server's answer does not fit the question")
		}
		lineStart := 0
		if i > 0 {
			lineStart = f.ends[i-1]
		}
		if _, err := s.allowed.Write(f.lines[start:lineStart]); err != nil {
			return fmt.Errorf("write %s: %w", s.out, err)
		}
		if _, err := s.refused.Write(f.lines[lineStart:f.ends[i]]); err != nil {
			return fmt.Errorf("write %s: %w", s.refusedFile, err)
		}
		reason := enumName(a.GetReason(), "REASON_")
		if a.GetError() != nil {
			reason = "invalid_number"
		}
		s.total.Refused[reason]++
		start = f.ends[i]
	}
	s.total.Numbers += int64(len(f.ends))
	s.total.Allowed += int64(len(f.ends) - len(refused))
	if _, err := s.allowed.Write(f.lines[start:]); err != nil {
		return fmt.Errorf("write %s: %w", s.out, err)
	}
	return nil
}

func (s *scrubbing) tellTotal() error {
	if s.format == formatJSON {
		return s.json(s.total)
	}
	text := fmt.Sprintf("%d numbers, %d may be called", s.total.Numbers, s.total.Allowed)
	for _, reason := range sortedKeys(s.total.Refused) {
		text += fmt.Sprintf(", %d refused (%s)", s.total.Refused[reason], reason)
	}
	return s.println(text)
}
