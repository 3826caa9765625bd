// Package migrate is refrain migrate: it moves what a data directory keeps into another kind of database.
package migrate

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
)

// Moved is what was brought over.
type Moved struct {
	// Rows are how many there are of each table.
	Rows map[string]int64 `json:"rows"`
	// Entries is the number of the ledger's last entry, Head its MAC in hexadecimal.
	Entries int64  `json:"entries"`
	Head    string `json:"head"`
	// Kept is where the file is from now on that all was in.
	Kept string `json:"kept"`
}

// Move moves what the configured data directory keeps into the configured database.
type Move func(ctx context.Context, cfg config.Config) (Moved, error)

const help = `Move what a data directory keeps in its file, refrain.db, into the empty database of PostgreSQL
that the configuration names (database.url). The server must not run meanwhile. Audio, key
and models stay where they are.

It is all one transaction: broken off, or where anything differs, nothing was moved, and the
command is run again. What was brought over is compared with what was there: how many rows
there are of each table, some of them, the ledger from its first entry to its last, and the
audit's record. The file is kept beside, under another name; delete it once you have a
backup of the database, for it holds everybody's numbers and follows no erasures.

Start the server with the same configuration afterwards.

JSON: {"rows","entries","head","kept"}. Exit codes: 0 done, 1 failed, 2 wrong use.`

const example = "  refrain migrate --from sqlite --to postgres --config refrain.yaml"

// New makes refrain migrate.
func New(c *console.Console, move Move) *cobra.Command {
	var file, data, from, to string
	cmd := &cobra.Command{
		Use: "migrate --from sqlite --to postgres", Short: "Move what is kept in a file into PostgreSQL", Long: help,
		Args: usage.NoArgs, Example: example,
	}
	format := output.FormatFlag(cmd)
	cmd.Flags().StringVar(&file, "config", "", "configuration `file` (default refrain.yaml, where there is one)")
	cmd.Flags().StringVar(&data, "data", "", "the data `directory` (default the configured one)")
	cmd.Flags().StringVar(&from, "from", "", "what is moved: sqlite")
	cmd.Flags().StringVar(&to, "to", "", "where to: postgres")
	cmd.RunE = c.Action(func(cmd *cobra.Command, _ []string) error {
		if from != "sqlite" || to != "postgres" {
			return usage.Errorf("it can be moved --from sqlite --to postgres, and in no other way")
		}
		cfg, err := config.Load(file)
		if err != nil {
			return err
		}
		if data != "" {
			cfg.Data = data
		}
		m, err := move(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		return tell(c, cfg, m, *format)
	})
	return cmd
}

func tell(c *console.Console, cfg config.Config, m Moved, format output.Format) error {
	if format == output.JSON {
		return c.JSON(m)
	}
	var lines []string
	for _, table := range slices.Sorted(maps.Keys(m.Rows)) {
		if n := m.Rows[table]; n > 0 {
			lines = append(lines, fmt.Sprintf("%-22s %d", table, n))
		}
	}
	return c.Println(append(lines,
		fmt.Sprintf("all of it is in %v now, and the ledger's %d entries verify there; its head is %s", cfg.Database, m.Entries, m.Head),
		fmt.Sprintf("what it was in is kept as %s: delete it once there is a backup of the database", m.Kept))...)
}
