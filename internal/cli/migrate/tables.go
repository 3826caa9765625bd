package migrate

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/secret"
)

// Tables are those of a database, as JSON.
type Tables struct {
	Database string `json:"database"`
	Version  int64  `json:"version"`
}

func newTables(c *console.Console, p Parts) *cobra.Command {
	var file, url string
	cmd := &cobra.Command{
		Use: "tables", Short: "Make the tables in PostgreSQL, or bring them up to date", Args: usage.NoArgs,
		Long: `Make Refrain's tables, and those of its job queue, in a database of PostgreSQL, or bring
them up to date. A server does so at its start where its user owns the tables; where
servers have a role that only reads and writes rows ('refrain migrate roles'), their owner
runs this before the first start and after each update of the program.

--url names the owner's connection, and his password comes from libpq's PGPASSWORD or
PGPASSFILE; without it database.url and database.password of the settings count.
JSON: {"database","version"}. Exit codes: 0 done, 1 failed, 2 wrong use.`,
		Example: "  refrain migrate tables --url 'postgres://refrain_owner@db.example.net/refrain?sslmode=verify-full'",
	}
	format := output.FormatFlag(cmd)
	cmd.Flags().StringVar(&file, "config", "", "configuration `file` (default refrain.yaml, where there is one)")
	cmd.Flags().StringVar(&url, "url", "", "the `URL` by which the owner connects (default database.url)")
	cmd.RunE = c.Action(func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(file)
		if err != nil {
			return err
		}
		if url != "" {
			cfg.Database.URL, cfg.Database.Password = url, secret.Source{}
			if err := cfg.Validate(); err != nil {
				return err
			}
		}
		version, name, err := p.Prepare(cmd.Context(), cfg)
		if err != nil {
			return err
		}
		if *format == output.JSON {
			return c.JSON(Tables{name, version})
		}
		return c.Println(fmt.Sprintf("the tables in %s have version %d", name, version))
	})
	return cmd
}

func newRoles(c *console.Console, p Parts) *cobra.Command {
	var owner, server, worker string
	cmd := &cobra.Command{
		Use: "roles", Short: "Write SQL that makes roles for owner, servers and workers", Args: usage.NoArgs,
		Long: `Write SQL that makes three roles in Refrain's database of PostgreSQL, for psql: an owner,
who makes tables; a role for servers, which read and write rows and can change neither
tables nor what was entered into the ledger; and one for workers, which reach their jobs
and what they hand over, and no number, key, user or freeze. It reaches no database
itself, and may be run again. Exit codes: 0 done, 2 wrong use.`,
		Example: "  refrain migrate roles | psql --set ON_ERROR_STOP=1 --single-transaction refrain",
	}
	cmd.Flags().StringVar(&owner, "owner", "refrain_owner", "the `role` that owns the tables")
	cmd.Flags().StringVar(&server, "server", "refrain_server", "the `role` of servers")
	cmd.Flags().StringVar(&worker, "worker", "refrain_worker", "the `role` of workers")
	cmd.RunE = c.Action(func(*cobra.Command, []string) error {
		if owner == "" || server == "" || worker == "" || owner == server || server == worker || owner == worker {
			return usage.Errorf("--owner, --server and --worker must be three names")
		}
		_, err := c.Out.Write([]byte(p.Roles(owner, server, worker)))
		return err
	})
	return cmd
}
