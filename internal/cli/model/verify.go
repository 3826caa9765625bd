package model

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/models"
)

// Verification is what was found out about a file, as JSON.
type Verification struct {
	Name      string  `json:"name"`
	Path      string  `json:"path"`
	Size      int64   `json:"size"`
	SHA256    string  `json:"sha256"`
	Type      string  `json:"type"`
	Weights   string  `json:"weights"`
	Published bool    `json:"published"`
	OK        bool    `json:"ok"`
	Error     *string `json:"error"`
}

func newVerify(m *command) *cobra.Command {
	return &cobra.Command{
		Use: "verify [FILE|NAME]...", Short: "Check model files: header, size and checksum",
		Args: cobra.ArbitraryArgs,
		Long: "Check model files: header, size and checksum. Without an argument, all in the " +
			"models folder.",
		Example: "  refrain model verify\n  refrain model verify base ./my-model.bin",
		RunE: m.Action(func(cmd *cobra.Command, args []string) error {
			paths, err := m.toVerify(args)
			if err != nil {
				return err
			}
			return m.verify(cmd.Context(), paths)
		}),
	}
}

// toVerify are the files that args name, or all in the models folder.
func (m *command) toVerify(args []string) ([]string, error) {
	dir, err := m.folder()
	if err != nil {
		return nil, err
	}
	if len(args) == 0 {
		paths, err := filepath.Glob(filepath.Join(dir, "*.bin"))
		if err == nil && len(paths) == 0 {
			err = fmt.Errorf("there are no models in %s; get one with: refrain model get NAME", dir)
		}
		return paths, err
	}
	paths := make([]string, len(args))
	for i, arg := range args {
		paths[i] = arg
		if k, ok := models.Find(arg); ok && arg == k.Name {
			paths[i] = filepath.Join(dir, k.File())
		}
	}
	return paths, nil
}

func (m *command) verify(ctx context.Context, paths []string) error {
	failed := 0
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, wrong := models.Verify(path)
		if wrong != nil {
			failed++
			m.Errorf("%v", wrong)
		}
		if err := m.printVerified(r, wrong); err != nil {
			return err
		}
	}
	return console.Failures(failed, len(paths))
}

func (m *command) printVerified(r models.Report, wrong error) error {
	switch {
	case *m.format == output.JSON:
		return m.JSON(newVerification(r, wrong))
	case wrong == nil:
		return m.Println(verifiedText(r))
	}
	return nil
}

func newVerification(r models.Report, wrong error) Verification {
	l := Verification{Name: r.Model.Name, Path: r.Path, Size: r.Size, SHA256: r.SHA256,
		Published: r.Published, OK: wrong == nil}
	if wrong == nil {
		l.Type, l.Weights = r.Header.Type(), r.Header.Weights()
	} else {
		l.Error = output.OrNull(wrong.Error())
	}
	return l
}

func verifiedText(r models.Report) string {
	state := "sound, and the published model"
	if !r.Published {
		state = "sound; nobody published a checksum for it"
	}
	return fmt.Sprintf("%s: %s (%s, %s, SHA-256 %s)", r.Path, state, r.Header.Type(),
		r.Header.Weights(), r.SHA256)
}
