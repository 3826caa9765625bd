package migrate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
)

// Moved is what a move did.
type Moved struct {
	Database string `json:"database"`
	Bucket   string `json:"bucket,omitempty"`
	// Tables are how many rows each table has.
	Tables map[string]int64 `json:"tables,omitempty"`
	// Rows are all of them, Compared those that were compared one by one. Entries are the ledger's, Records those
	// of the audit record; both were verified.
	Rows     int64 `json:"rows"`
	Compared int64 `json:"compared"`
	Entries  int64 `json:"entries"`
	Records  int64 `json:"records"`
	// Files are those of audio that this call moved, Sampled how many were read back. Waiting recordings will be woken.
	Files   int64 `json:"files"`
	Sampled int64 `json:"sampled"`
	Waiting int   `json:"waiting"`
	// Before tells that an earlier call had moved all of it.
	Before bool     `json:"before"`
	Doubts []string `json:"doubts,omitempty"`
}

// Parts are what only the whole program can do.
type Parts struct {
	// Move moves the data directory from to where cfg says.
	Move func(ctx context.Context, cfg config.Config, from string, progress func(step string, done, whole int64)) (Moved, error)
	// Prepare makes the tables in the configured database, and gives their version and the database's name.
	Prepare func(ctx context.Context, cfg config.Config) (version int64, name string, err error)
	// Roles is SQL that makes roles.
	Roles func(owner, server, worker string) string
}

const help = `Move a stopped server's data directory to PostgreSQL, and its audio to a bucket.

The settings (--config, the environment, --data) are those of the server as it is to be:
database.url names an empty database, audio.s3 the bucket, where audio is to go to one,
and data a new directory. --source is the directory that is moved. All of its rows go in
portions, then the audio, each file with its checksum, and what waits in the job queue;
it stays the same installation, with its id, its key, its people and their sessions. At
the end the rows of every table are counted, a sample of them and of the audio is
compared, and the ledger and the audit record are verified where they are now.

The source is only read. At the very end it is marked, and no server starts on it any
more ('refrain serve --accept moved-away' says "I mean it so"). Broken off at any moment,
the same command goes on; until it has ended no server starts on the database.

It runs as the owner of the tables; see 'refrain migrate roles'. Audio that is missing or
damaged in the source is told, and stays missing. JSON: {"database","bucket","tables",
"rows","compared","entries","records","files","sampled","waiting","before","doubts"}.
Exit codes: 0 done, 1 failed, or audio was missing or damaged, 2 wrong use.`

const example = `  refrain migrate --from sqlite --to postgres --source /var/lib/refrain --config /etc/refrain-new.yaml
  refrain migrate tables --url 'postgres://refrain_owner@db.example.net/refrain?sslmode=verify-full'
  refrain migrate roles | psql --set ON_ERROR_STOP=1 --single-transaction refrain`

type command struct {
	*console.Console
	Parts

	format                         *output.Format
	config, data, source, from, to string
}

// New makes refrain migrate.
func New(c *console.Console, p Parts) *cobra.Command {
	cmd := &cobra.Command{Use: "migrate", Short: "Move a data directory to PostgreSQL and a bucket", Long: help, Example: example,
		Args: usage.NoArgs}
	m := &command{Console: c, Parts: p, format: output.FormatFlag(cmd)}
	fs := cmd.Flags()
	fs.StringVar(&m.from, "from", "", "what the state is kept in now: sqlite")
	fs.StringVar(&m.to, "to", "", "what it is to be kept in: postgres")
	fs.StringVar(&m.source, "source", "", "the data `directory` to be moved, whose server is stopped")
	fs.StringVar(&m.config, "config", "", "the new server's configuration `file` (default refrain.yaml, where there is one)")
	fs.StringVar(&m.data, "data", "", "the new server's data `directory` (default the configured one)")
	cmd.RunE = c.Action(func(cmd *cobra.Command, _ []string) error { return m.run(cmd.Context()) })
	cmd.AddCommand(newTables(c, p), newRoles(c, p))
	return cmd
}

func (m *command) run(ctx context.Context) error {
	switch {
	case m.from != "sqlite" || m.to != "postgres":
		return usage.Errorf("say --from sqlite --to postgres: nothing else can be moved")
	case m.source == "":
		return usage.Errorf("say with --source which data directory is to be moved")
	}
	cfg, err := config.Load(m.config)
	if err != nil {
		return err
	}
	if m.data != "" {
		cfg.Data = m.data
	}
	show, end := m.progress()
	moved, err := m.Move(ctx, cfg, m.source, show)
	end()
	if err != nil {
		return err
	}
	if err := m.print(moved); err != nil {
		return err
	}
	if len(moved.Doubts) > 0 {
		return fmt.Errorf("it is moved, but audio of %d recordings was missing or damaged in the source: %s", len(moved.Doubts),
			shown(moved.Doubts))
	}
	return nil
}

// stepsEvery is how often it is told where nobody looks at a bar.
const stepsEvery = 10 * time.Second

// progress shows a bar of each step, and beside a terminal tells now and then how far it is.
func (m *command) progress() (show func(step string, done, whole int64), end func()) {
	var bar *console.Progress
	var last string
	told := m.Now()
	show = func(step string, done, whole int64) {
		kind := step
		if len(step) > 4 && step[:4] == "rows" {
			kind = "rows"
		}
		if kind != last {
			bar.End()
			bar, last = m.CountProgress(int(whole)), kind
		}
		bar.Describe("%s", step)
		bar.Set(done)
		if now := m.Now(); bar == nil && now.Sub(told) >= stepsEvery && whole > 0 {
			told = now
			m.Errorf("%s: %d of %d", step, done, whole)
		}
	}
	return show, func() { bar.End() }
}

func (m *command) print(moved Moved) error {
	if *m.format == output.JSON {
		return m.JSON(moved)
	}
	if moved.Before {
		return m.Println("it was moved already, to " + moved.Database)
	}
	lines := []string{
		fmt.Sprintf("%s has %d rows in %d tables; %d were compared with the source", moved.Database, moved.Rows, len(moved.Tables),
			moved.Compared),
		fmt.Sprintf("its ledger (%d entries) and its audit record (%d) verify", moved.Entries, moved.Records),
	}
	switch {
	case moved.Bucket != "":
		lines = append(lines, fmt.Sprintf("%d files of audio were put into %s; %d of all were read back", moved.Files, moved.Bucket,
			moved.Sampled))
	default:
		lines = append(lines, fmt.Sprintf("%d files of audio are in the new data directory", moved.Files))
	}
	return m.Println(append(lines, m.source+" stays as it was, and no server starts on it any more; delete it once the new server "+
		"has worked for a while, and a backup of it was made")...)
}

// shown names some of many.
func shown(all []string) string {
	const some = 5
	text := strings.Join(all[:min(some, len(all))], "; ")
	if len(all) > some {
		text += "; ..."
	}
	return text
}
