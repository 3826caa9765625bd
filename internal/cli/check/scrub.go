package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/sheet"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// scrubber is one run of check --file: a list of millions goes through a stream with
// several messages on their way at a time.
type scrubber struct {
	*checker
	file, out, refusedFile, column string
	options                        sheet.Options

	list             *list
	allowed, refused io.Writer
	total            outcome
	reasons          map[pb.Answer_Reason]int64
	invalid          int
	opens            *timestamppb.Timestamp // when the calling hours begin, where they refused
	bar              *console.Progress
}

// outcome sums up a scrubbed list, as JSON.
type outcome struct {
	File    string           `json:"file"`
	Numbers int64            `json:"numbers"`
	Allowed int64            `json:"allowed"`
	Refused map[string]int64 `json:"refused"` // by reason
	// Encoding is that of the list, where it isn't UTF-8, and Notes say how it was read.
	Encoding string   `json:"encoding,omitempty"`
	Notes    []string `json:"notes,omitempty"`
}

func (s *scrubber) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.file, "file", "", "scrub the list in this `file`: a number a line, CSV or "+
		".xlsx")
	f.StringVar(&s.out, "out", "", "write the lines that may be called to this `file`, which "+
		"must not be there yet")
	f.StringVar(&s.refusedFile, "refused", "", "write the other lines to this `file`, which must "+
		"not be there yet")
	f.StringVar(&s.column, "column", "", "the `column` of the number, by its name in the first "+
		"line or counted from 1 (default the one whose name says so, else the first)")
	s.options.TextFlags(cmd)
	cmd.MarkFlagsRequiredTogether("file", "out")
}

func (s *scrubber) run(ctx context.Context, flags *client.Flags, args []string) error {
	if len(args) > 0 {
		return usage.Errorf("--file names the list; leave %q out", args[0])
	}
	in, err := sheet.OpenText(s.file, s.options)
	if err != nil {
		return s.named(err)
	}
	defer in.Close()
	if s.list, err = openList(in, s.column); err != nil {
		return s.named(err)
	}
	if in.Book && sheet.IsBookName(s.out, s.refusedFile) {
		return usage.Errorf("lines of a workbook are written as CSV; name --out and --refused *.csv")
	}
	s.total = outcome{File: s.file, Refused: map[string]int64{}}
	s.reasons = map[pb.Answer_Reason]int64{}
	s.bar = s.ByteProgress(in.Size)
	err = flags.With(func(cl *client.Client) error { return s.write(ctx, cl) })
	s.bar.End()
	if err != nil {
		return err
	}
	return s.printTotal()
}

// named names the list that an error is about, where it doesn't itself.
func (s *scrubber) named(err error) error {
	if _, ok := errors.AsType[*os.PathError](err); ok {
		return err
	}
	return fmt.Errorf("%s: %w", s.file, err)
}

// write scrubs the list into the files that the user named.
func (s *scrubber) write(ctx context.Context, cl *client.Client) error {
	return s.into(s.out, func(allowed io.Writer) error {
		return s.into(s.refusedFile, func(refused io.Writer) error {
			s.allowed, s.refused = allowed, refused
			return s.stream(ctx, cl)
		})
	})
}

// into makes a file that begins with the list's header; "" is none.
func (s *scrubber) into(path string, write func(io.Writer) error) error {
	if path == "" {
		return write(io.Discard)
	}
	f, err := files.Create(path)
	if err != nil {
		return err
	}
	return f.End(s.encoded(f, write))
}

// encoded writes what a file holds, in the encoding of the list.
func (s *scrubber) encoded(f io.Writer, write func(io.Writer) error) error {
	text := s.list.in
	out, end, err := text.Encoding.Writer(f)
	if err != nil {
		return err
	}
	if text.Book { // its lines are UTF-8, and spreadsheets don't know that by themselves
		_, err = io.WriteString(out, text.Mark())
	}
	if err == nil {
		_, err = out.Write(s.list.header)
	}
	if err == nil {
		err = write(out)
	}
	return errors.Join(err, end())
}

func (s *scrubber) printTotal() error {
	for reason, n := range s.reasons {
		s.total.Refused[output.EnumName(reason, "REASON_")] = n
	}
	if s.invalid > 0 {
		s.total.Refused["invalid_number"] = int64(s.invalid)
	}
	if !s.list.in.Encoding.IsUTF8() {
		s.total.Encoding = s.list.in.Encoding.Name
	}
	s.total.Notes = s.list.in.Notes
	if n := s.reasons[pb.Answer_REASON_HOURS]; n > 0 {
		s.total.Notes = append(s.total.Notes, fmt.Sprintf("%d of %d numbers are refused by the "+
			"calling hours alone, which begin at %s", n, s.total.Numbers, s.opensAt()))
	}
	for _, note := range s.total.Notes {
		s.Errorf("%s: %s", s.file, note)
	}
	if err := s.print(); err != nil || s.invalid == 0 {
		return err
	}
	return fmt.Errorf("%d of %d numbers were not understood, so they are not in %s", s.invalid,
		s.total.Numbers, s.out)
}

func (s *scrubber) print() error {
	if s.format == output.JSON {
		return s.JSON(s.total)
	}
	parts := []string{fmt.Sprintf("%d numbers, %d may be called", s.total.Numbers, s.total.Allowed)}
	for _, reason := range sortedKeys(s.total.Refused) {
		parts = append(parts, fmt.Sprintf("%d refused (%s)", s.total.Refused[reason], reason))
	}
	return s.Println(strings.Join(parts, ", "))
}

func sortedKeys(m map[string]int64) []string { return slices.Sorted(maps.Keys(m)) }
