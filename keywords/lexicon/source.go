package lexicon

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// The files of a lexicon that is a folder. All others that end in .yaml hold a class each.
const (
	// headFile has everything but the classes.
	headFile = "lexicon.yaml"
	// MeasuredFile has what was measured.
	MeasuredFile = "measured.yaml"
)

// Source is the text of a lexicon, which knows where each line comes from.
type Source struct {
	// Text is one file that Parse reads.
	Text  []byte
	parts []part
}

// part is a file of a folder in the text: its first line, and how many lines of the text
// stand before it.
type part struct {
	file  string
	first int
}

// Read reads a lexicon from a file, or joins the files of a folder. The error is the
// file system's, or of type Error.
func Read(name string) (Source, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return Source{}, err
	case info.IsDir():
		return join(os.DirFS(name))
	case info.Size() > maxSource:
		return Source{}, tooLarge(int(info.Size()))
	}
	text, err := os.ReadFile(name)
	return Source{Text: text}, err
}

// Load reads a lexicon from a file or a folder and parses it.
func Load(name string) (*Lexicon, error) {
	source, err := Read(name)
	if err != nil {
		return nil, err
	}
	lex, err := Parse(source.Text)
	if err != nil {
		return nil, source.Trace(err)
	}
	return lex, nil
}

// join makes one file of those of a folder: the classes in the order of their files' names.
func join(folder fs.FS) (Source, error) {
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return Source{}, err
	}
	if !slices.Contains(names, headFile) {
		return Source{}, Error{What: "the folder has no " + headFile +
			", in which version, words and vetoes stand beside a file for each class"}
	}
	var s Source
	if err := s.add(folder, headFile, ""); err != nil {
		return s, err
	}
	s.Text = append(s.Text, "\nclasses:\n"...)
	for _, name := range names {
		if name == headFile || name == MeasuredFile {
			continue
		}
		s.Text = append(s.Text, "\n  -\n"...)
		if err := s.add(folder, name, "    "); err != nil {
			return s, err
		}
	}
	if slices.Contains(names, MeasuredFile) {
		s.Text = append(s.Text, '\n')
		err = s.add(folder, MeasuredFile, "")
	}
	return s, err
}

// add appends a file with an indent before each line.
func (s *Source) add(folder fs.FS, name, indent string) error {
	text, err := fs.ReadFile(folder, name)
	if err != nil {
		return err
	}
	if len(s.Text)+len(text) > maxSource {
		return tooLarge(len(s.Text) + len(text))
	}
	s.parts = append(s.parts, part{path.Base(name), bytes.Count(s.Text, []byte("\n"))})
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	for line := range bytes.Lines(text) {
		if len(bytes.TrimSpace(line)) > 0 {
			s.Text = append(s.Text, indent...)
		}
		s.Text = append(s.Text, line...)
	}
	if !bytes.HasSuffix(s.Text, []byte("\n")) {
		s.Text = append(s.Text, '\n')
	}
	return nil
}

// Locate is e with the file of a folder and the line in it where it is wrong.
func (s Source) Locate(e Error) Error {
	if e.Line == 0 || len(s.parts) == 0 {
		return e
	}
	at := s.parts[0]
	for _, p := range s.parts {
		if p.first < e.Line {
			at = p
		}
	}
	e.File, e.Line = at.file, e.Line-at.first
	return e
}

// Trace is err, from Parse or from making use of the lexicon, with its lines located.
func (s Source) Trace(err error) error {
	if len(s.parts) == 0 {
		return err
	}
	var errs []error
	for _, e := range Errors(err) {
		errs = append(errs, s.Locate(e))
	}
	return errors.Join(errs...)
}

// SetMeasured writes m into the lexicon that lies in the file or folder name, in place of
// what was measured before.
func SetMeasured(name string, m Measured) error {
	source, err := Read(name)
	if err != nil {
		return err
	}
	text := WithMeasured(source.Text, m)
	if len(source.parts) > 0 {
		name, text = filepath.Join(name, MeasuredFile), m.YAML()
	} else if _, err := Parse(text); err != nil {
		return fmt.Errorf("add what was measured to %s (is it a block of lines such as "+
			"\"version: …\"?): %w", name, err)
	}
	return replace(name, text)
}

// Write writes a lexicon into the file name, in place of what was there.
func Write(name string, source []byte) error { return replace(name, source) }

// replace writes a file beside name and puts it in its place, so that no half of it is ever
// read.
func replace(name string, text []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	fresh, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	_, err = fresh.Write(text)
	err = errors.Join(err, fresh.Chmod(mode), fresh.Close())
	if err == nil {
		err = os.Rename(fresh.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh.Name()))
	}
	return nil
}
