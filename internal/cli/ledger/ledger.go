package ledger

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
)

// Rotation is what became of the ledger's key.
type Rotation struct {
	// Before and Now are the IDs of the keys, From is where the key comes from.
	Before, Now, From string
	// Store is what the key's keeper has to hold first; nil where the rotation is done.
	Store []byte
}

// Rotate rotates the key of the configured data directory.
type Rotate func(ctx context.Context, cfg config.Config) (Rotation, error)

const rotateHelp = `Give the ledger of freezes another generation of its key, for when a key may have leaked
or a policy asks for it. The server must not run meanwhile. From then on everything is
sealed and numbers are named under the new generation. What was entered before stays as
it is and keeps verifying; numbers are found under every generation, so the key keeps
all of them, a line each. Back it up again: a backup that is made from now on needs it.

Broken off at any moment, nothing is lost: the same command, or the next start of the
server, goes on.

Where ledger.key of the configuration names a variable or a command, the first run
writes what is to be held there to standard output; store it, and run it again.

What it can't do: whoever has the key of before can still find out by trying which
numbers the entries of before are about, if they have the database or a backup, too, for
numbers are few. That goes for numbers that were erased as well.

JSON: {"before","now","from","rotated"}. Exit codes: 0 done, 1 failed, 2 wrong use.`

const rotateExample = "  refrain ledger rotate-key --data /var/lib/refrain"

// New makes refrain ledger.
func New(c *console.Console, rotate Rotate) *cobra.Command {
	cmd := &cobra.Command{Use: "ledger", Short: "Take care of the key of the ledger of freezes",
		Long:    "Take care of the key that the ledger of freezes is sealed with. 'refrain freeze verify' checks the ledger.",
		Example: rotateExample}
	usage.RequireSubcommand(cmd)
	cmd.AddCommand(newRotate(c, rotate))
	return cmd
}

// Line is a rotation, as JSON.
type Line struct {
	Before  string `json:"before"`
	Now     string `json:"now"`
	From    string `json:"from"`
	Rotated bool   `json:"rotated"`
}

func newRotate(c *console.Console, rotate Rotate) *cobra.Command {
	var file, data string
	cmd := &cobra.Command{
		Use: "rotate-key", Short: "Seal the ledger with another key from now on", Long: rotateHelp, Args: usage.NoArgs,
		Example: rotateExample,
	}
	format := output.FormatFlag(cmd)
	cmd.Flags().StringVar(&file, "config", "", "configuration `file` (default refrain.yaml, where there is one)")
	cmd.Flags().StringVar(&data, "data", "", "the data `directory` (default the configured one)")
	cmd.RunE = c.Action(func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(file)
		if err != nil {
			return err
		}
		if data != "" {
			cfg.Data = data
		}
		r, err := rotate(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		return tell(c, r, *format)
	})
	return cmd
}

func tell(c *console.Console, r Rotation, format output.Format) error {
	if r.Store != nil {
		c.Errorf("hold what follows as %s, in place of what is there, and run this again", r.From)
		_, err := c.Out.Write(r.Store)
		return err
	}
	if format == output.JSON {
		return c.JSON(Line{r.Before, r.Now, r.From, true})
	}
	return c.Println(fmt.Sprintf("the ledger is sealed with the key %s from now on, and was with %s", r.Now, r.Before),
		fmt.Sprintf("%s holds both: back it up now, and don't take the earlier one out", r.From),
		"whoever has the earlier key and the database can still tell which numbers the entries of before are about")
}
