package model

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
)

const help = `List, download and check Whisper models.

Whisper base (base-q8_0) is inside the program and hears where no other model is named.
Larger official models hear better and take longer; they are downloaded once, and used
with --model NAME of serve and transcribe, as is any other ggml Whisper model's file.
The demo model (--model demo), also inside, is for tests: it does not understand people.`

const example = `  refrain model list
  refrain model get large-v3-turbo-q5_0
  refrain model get base --dir /srv/models --from https://mirror.example/whisper.cpp
  refrain model verify
  refrain model verify ./my-model.bin`

// command is what the commands of model share.
type command struct {
	*console.Console
	format *output.Format
	dir    string
}

// New makes refrain model.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{Use: "model", Short: "List, download and check Whisper models",
		Long: help, Example: example}
	usage.RequireSubcommand(cmd)
	m := &command{Console: c, format: output.FormatFlag(cmd)}
	cmd.PersistentFlags().StringVar(&m.dir, "dir", "", "the `folder` of models (default: models "+
		"in the data directory)")
	cmd.AddCommand(newList(m), newGet(m), newVerify(m))
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
func (m *command) folder() (string, error) {
	if m.dir != "" {
		return m.dir, nil
	}
	return modelsDir()
}
