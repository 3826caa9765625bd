package importer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/internal/cli/files"
)

func (s *table) readHeader() error {
	line, err := s.next()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("it is empty; its first line must name the columns, such as %s",
			strings.Join(s.layout.Columns, ","))
	}
	if err != nil {
		return err
	}
	if !utf8.ValidString(line) {
		return errors.New("its first line is not UTF-8; save the file as UTF-8")
	}
	row, err := files.SplitCSV(line)
	if err != nil {
		return fmt.Errorf("its first line is not readable as CSV: %w", err)
	}
	if len(row) == 1 && strings.ContainsAny(row[0], ";\t") {
		return errors.New("its columns are not separated by commas")
	}
	for i, name := range row {
		if err := s.addColumn(i, strings.ToLower(strings.TrimSpace(name))); err != nil {
			return err
		}
	}
	needed := s.layout.Columns[:s.layout.Needed]
	for _, name := range needed {
		if !slices.Contains(s.names, name) {
			return fmt.Errorf("the column %q is missing; needed are %s", name,
				strings.Join(needed, ", "))
		}
	}
	return nil
}

func (s *table) addColumn(i int, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("column %d of its first line has no name", i+1)
	case slices.Contains(s.names, name):
		return fmt.Errorf("column %q is there twice", name)
	case !s.layout.knows(name):
		return fmt.Errorf("column %q is not known; the columns are %s", name,
			strings.Join(s.layout.Columns, ", "))
	}
	s.names = append(s.names, name)
	return nil
}
