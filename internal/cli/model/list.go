package model

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/models"
)

// Line is a model as JSON.
type Line struct {
	Name   string  `json:"name"`
	Size   *int64  `json:"size"` // null for the demo model
	SHA256 string  `json:"sha256"`
	SHA1   *string `json:"sha1"`
	Demo   bool    `json:"demo"`
	// Default is true for the model that hears where nobody names another.
	Default    bool    `json:"default"`
	Downloaded bool    `json:"downloaded"`
	Path       *string `json:"path"`
}

func newList(m *command) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the models that can be had, and which are here",
		Args:    usage.NoArgs,
		Example: "  refrain model list\n  refrain model list --format json",
		RunE: m.Action(func(*cobra.Command, []string) error {
			dir, err := m.folder()
			if err != nil {
				return err
			}
			return m.list(dir)
		}),
	}
}

func (m *command) list(dir string) error {
	demo := models.Demo()
	lines := []Line{{Name: demo.Name, SHA256: demo.SHA256, Demo: true, Downloaded: true}}
	for _, k := range models.Catalogue() {
		path := filepath.Join(dir, k.File())
		info, err := os.Stat(path)
		l := Line{Name: k.Name, Size: &k.Size, SHA256: k.SHA256, SHA1: output.OrNull(k.SHA1),
			Downloaded: err == nil && info.Size() == k.Size}
		if l.Downloaded {
			l.Path = &path
		}
		if models.IsDefault(k.Name) {
			l.Default, l.Downloaded = true, true
		}
		lines = append(lines, l)
	}
	if *m.format == output.JSON {
		for _, l := range lines {
			if err := m.JSON(l); err != nil {
				return err
			}
		}
		return nil
	}
	t := output.NewTable("NAME", "SIZE", "CHECKSUM", "HERE")
	for _, l := range lines {
		t.Add(l.Name, l.size(), l.SHA256[:12], l.where())
	}
	return t.Write(m.Out)
}

func (l Line) size() string {
	if l.Size == nil {
		return ""
	}
	return fmt.Sprintf("%7.1f MiB", float64(*l.Size)/(1<<20))
}

func (l Line) where() string {
	switch {
	case l.Demo:
		return "inside the program; for trying and testing only"
	case l.Default:
		return "inside the program; the default"
	case l.Path != nil:
		return *l.Path
	}
	return ""
}
