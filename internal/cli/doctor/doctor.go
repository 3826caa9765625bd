package doctor

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
)

const help = `Find what is wrong, and say what to do: with the configuration, the data directory, the
model and ffmpeg on this machine, and with the server, if one answers. It changes
nothing, and can be run while the server runs. The exit code is 1 where something
is wrong; a warning alone is none.`

// level is how bad a finding is.
type level string

const (
	good level = "ok"
	warn level = "warning"
	bad  level = "wrong"
)

// finding is one thing that was looked at.
type finding struct {
	What  string `json:"what"`
	Level level  `json:"level"`
	Says  string `json:"says"`
	// Do is what to do, "" where nothing needs to be done.
	Do string `json:"do"`
}

// doctor looks at one thing after another.
type doctor struct {
	*console.Console
	cfg      config.Config
	findings []finding
}

func (d *doctor) add(what string, l level, says, do string) {
	d.findings = append(d.findings, finding{what, l, says, do})
}

// New makes refrain doctor.
func New(c *console.Console) *cobra.Command {
	var file, data string
	cmd := &cobra.Command{
		Use: "doctor", Short: "Find what is wrong, and say what to do", Long: help, Args: usage.NoArgs,
		Example: "  refrain doctor\n  refrain doctor --config /etc/refrain.yaml --format json",
	}
	flags, format := client.AddFlags(c, cmd), output.FormatFlag(cmd)
	cmd.Flags().StringVar(&file, "config", "", "configuration `file` (default refrain.yaml, where there is one)")
	cmd.Flags().StringVar(&data, "data", "", "the data `directory` (default the configured one)")
	cmd.RunE = c.Action(func(cmd *cobra.Command, _ []string) error {
		d := &doctor{Console: c}
		d.look(cmd.Context(), flags, file, data)
		return d.tell(*format)
	})
	return cmd
}

func (d *doctor) look(ctx context.Context, flags *client.Flags, file, data string) {
	if d.configured(file, data) {
		d.certificateFiles()
		d.directory()
		d.model()
		d.ffmpeg()
	}
	d.server(ctx, flags)
}

func (d *doctor) tell(format output.Format) error {
	wrong := 0
	var t output.Table
	for _, f := range d.findings {
		if f.Level == bad {
			wrong++
		}
		if format == output.JSON {
			if err := d.JSON(f); err != nil {
				return err
			}
			continue
		}
		says := f.Says
		if f.Do != "" {
			says += "; " + f.Do
		}
		t.Add(string(f.Level), f.What, says)
	}
	if err := t.Write(d.Out); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d things are wrong", wrong, len(d.findings))
	}
	return nil
}
