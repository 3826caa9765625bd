package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/models"
)

const modelHelp = `List, download and check Whisper models.

The demo model is inside the program: it is for trying and testing, and does not
understand real calls. The official models are downloaded once, and used with
--model NAME of serve and transcribe, as is any other ggml Whisper model's file.`

const modelExample = `  refrain model list
  refrain model get large-v3-turbo-q5_0
  refrain model get base --dir /srv/models --from https://mirror.example/whisper.cpp
  refrain model verify
  refrain model verify ./my-model.bin`

// modelling is what the commands of model share.
type modelling struct {
	*console
	format *format
	dir    string
}

func newModel(c *console) *cobra.Command {
	cmd := &cobra.Command{Use: "model", Short: "List, download and check Whisper models", Long: modelHelp, Example: modelExample}
	chooses(cmd)
	m := &modelling{console: c, format: formatFlag(cmd)}
	cmd.PersistentFlags().StringVar(&m.dir, "dir", "", "the `folder` of models (default: models in the data directory)")
	cmd.AddCommand(newModelList(m), newModelGet(m), newModelVerify(m))
	return cmd
}

// modelsDir is where a server with the configuration found here looks for models.
func modelsDir() (string, error) {
	cfg, err := config.Load("")
	if err != nil {
		return "", err
	}
	return cfg.Path("models"), nil
}

// folder is the models folder that was chosen.
func (m *modelling) folder() (string, error) {
	if m.dir != "" {
		return m.dir, nil
	}
	return modelsDir()
}

// modelLine is a model in JSON.
type modelLine struct {
	Name       string  `json:"name"`
	Size       *int64  `json:"size"` // null for the model inside the program
	SHA256     string  `json:"sha256"`
	SHA1       *string `json:"sha1"`
	Demo       bool    `json:"demo"`
	Downloaded bool    `json:"downloaded"`
	Path       *string `json:"path"`
}

func newModelList(m *modelling) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the models that can be had, and which are here", Args: none,
		Example: "  refrain model list\n  refrain model list --format json",
		RunE: m.work(func(*cobra.Command, []string) error {
			dir, err := m.folder()
			if err != nil {
				return err
			}
			return m.list(dir)
		}),
	}
}

func (m *modelling) list(dir string) error {
	demo := models.Demo()
	lines := []modelLine{{Name: demo.Name, SHA256: demo.SHA256, Demo: true, Downloaded: true}}
	for _, k := range models.Catalogue() {
		path := filepath.Join(dir, k.File())
		info, err := os.Stat(path)
		l := modelLine{Name: k.Name, Size: &k.Size, SHA256: k.SHA256, SHA1: orNull(k.SHA1), Downloaded: err == nil && info.Size() == k.Size}
		if l.Downloaded {
			l.Path = &path
		}
		lines = append(lines, l)
	}
	if *m.format == formatJSON {
		for _, l := range lines {
			if err := m.json(l); err != nil {
				return err
			}
		}
		return nil
	}
	var t table
	t.add("NAME", "SIZE", "CHECKSUM", "HERE")
	for _, l := range lines {
		t.add(l.Name, l.size(), l.SHA256[:12], l.where())
	}
	return t.write(m.out)
}

func (l modelLine) size() string {
	if l.Size == nil {
		return ""
	}
	return fmt.Sprintf("%7.1f MiB", float64(*l.Size)/(1<<20))
}

func (l modelLine) where() string {
	switch {
	case l.Demo:
		return "inside the program; for trying and testing only"
	case l.Path != nil:
		return *l.Path
	}
	return ""
}

func newModelGet(m *modelling) *cobra.Command {
	var from string
	cmd := &cobra.Command{
		Use: "get NAME", Short: "Download a model; goes on where a broken download stopped", Args: one("NAME"),
		Example: "  refrain model get large-v3-turbo-q5_0\n  refrain model get base --from https://mirror.example/whisper.cpp",
		RunE:    m.work(func(cmd *cobra.Command, args []string) error { return m.get(cmd.Context(), args[0], from) }),
		ValidArgsFunction: func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			for _, k := range models.Catalogue() {
				names = append(names, k.Name)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().StringVar(&from, "from", cmp.Or(m.getenv("REFRAIN_MODELS_URL"), models.DefaultBaseURL),
		"the `address` of the folder to download from (or set REFRAIN_MODELS_URL)")
	return cmd
}

func (m *modelling) get(ctx context.Context, name, from string) error {
	if models.IsDemo(name) {
		return m.println("the demo model is inside the program; there is nothing to download")
	}
	known, ok := models.Find(name)
	if !ok {
		return fmt.Errorf("there is no model %q to download; see: refrain model list", name)
	}
	dir, err := m.folder()
	if err != nil {
		return err
	}
	bar := m.newProgress(known.Size)
	bar.describe("%s", known.Name)
	path, err := models.Download(ctx, known, dir, from, func(done, _ int64) { bar.set(done) })
	bar.end()
	if err != nil {
		return err
	}
	if *m.format == formatJSON {
		return m.json(modelLine{known.Name, &known.Size, known.SHA256, orNull(known.SHA1), false, true, &path})
	}
	return m.println(fmt.Sprintf("%s is at %s\nuse it with: refrain serve --model %s", known.Name, path, known.Name))
}

// verifiedLine is what was found out about a file, in JSON.
type verifiedLine struct {
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

func newModelVerify(m *modelling) *cobra.Command {
	return &cobra.Command{
		Use: "verify [FILE|NAME]...", Short: "Check model files: header, size and checksum", Args: cobra.ArbitraryArgs,
		Long:    "Check model files: header, size and checksum. Without an argument, all in the models folder.",
		Example: "  refrain model verify\n  refrain model verify base ./my-model.bin",
		RunE: m.work(func(cmd *cobra.Command, args []string) error {
			paths, err := m.toVerify(args)
			if err != nil {
				return err
			}
			return m.verify(cmd.Context(), paths)
		}),
	}
}

// toVerify are the files that args name, or all in the models folder.
func (m *modelling) toVerify(args []string) ([]string, error) {
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

func (m *modelling) verify(ctx context.Context, paths []string) error {
	failed := 0
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, wrong := models.Verify(path)
		if wrong != nil {
			failed++
			m.complain("%v", wrong)
		}
		if err := m.tellVerified(r, wrong); err != nil {
			return err
		}
	}
	return failures(failed, len(paths))
}

func (m *modelling) tellVerified(r models.Report, wrong error) error {
	switch {
	case *m.format == formatJSON:
		return m.json(newVerifiedLine(r, wrong))
	case wrong == nil:
		return m.println(verifiedText(r))
	}
	return nil
}

func newVerifiedLine(r models.Report, wrong error) verifiedLine {
	l := verifiedLine{Name: r.Model.Name, Path: r.Path, Size: r.Size, SHA256: r.SHA256, Published: r.Published, OK: wrong == nil}
	if wrong == nil {
		l.Type, l.Weights = r.Header.Type(), r.Header.Weights()
	} else {
		l.Error = orNull(wrong.Error())
	}
	return l
}

func verifiedText(r models.Report) string {
	state := "sound, and the published model"
	if !r.Published {
		state = "sound; nobody published a checksum for it"
	}
	return fmt.Sprintf("%s: %s (%s, %s, SHA-256 %s)", r.Path, state, r.Header.Type(), r.Header.Weights(), r.SHA256)
}
