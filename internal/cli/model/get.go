package model

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/models"
)

func newGet(m *command) *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "get NAME", Short: "Download a model; goes on where a broken download stopped",
		Args: usage.OneArg("NAME"),
		Example: "  refrain model get large-v3-turbo-q5_0\n" +
			"  refrain model get base --from https://mirror.example/whisper.cpp",
		RunE: m.Action(func(cmd *cobra.Command, args []string) error {
			return m.get(cmd.Context(), args[0], from)
		}),
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string,
			_ cobra.ShellCompDirective) {
			for _, k := range models.Catalogue() {
				names = append(names, k.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVar(&from, "from",
		cmp.Or(m.Getenv("REFRAIN_MODELS_URL"), models.DefaultBaseURL),
		"the `address` of the folder to download from (or set REFRAIN_MODELS_URL)")
	return cmd
}

func (m *command) get(ctx context.Context, name, from string) error {
	if models.IsInside(name) {
		return m.Println("the model " + name + " is inside the program; there is nothing to download")
	}
	known, ok := models.Find(name)
	if !ok {
		return fmt.Errorf("there is no model %q to download; see: refrain model list", name)
	}
	dir, err := m.folder()
	if err != nil {
		return err
	}
	bar := m.ByteProgress(known.Size)
	bar.Describe("%s", known.Name)
	path, err := models.Download(ctx, known, dir, from, func(done, _ int64) { bar.Set(done) })
	bar.End()
	if err != nil {
		return err
	}
	if *m.format == output.JSON {
		return m.JSON(Line{Name: known.Name, Size: &known.Size, SHA256: known.SHA256,
			SHA1: output.OrNull(known.SHA1), Downloaded: true, Path: &path})
	}
	return m.Println(fmt.Sprintf("%s is at %s\nuse it with: refrain serve --model %s", known.Name,
		path, known.Name))
}
