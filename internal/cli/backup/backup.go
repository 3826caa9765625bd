package backup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
)

const help = `Back up a data directory, while its server runs or not.

DIR is made, and is complete or not there: as long as it is being made it is called
DIR.partial, and a backup that was broken off is gone on with. The database is copied as
it is at one moment, then the audio that it knows. SHA256SUMS in it fits 'sha256sum -c'.

Every backup is whole by itself. With --previous, audio that an earlier backup in the
same file system holds is not copied again but gets a second name, so a daily backup
costs the day's audio; any of them may be deleted. --link does the same with the data
directory's own audio, which costs no space but is no protection against a broken disk.

ledger.key is left out unless --with-key is given: without it nobody can forge a ledger
that fits, and without it no server starts on the backup. Keep a copy of it elsewhere.

It works on files, on the server's machine and as the server's user. JSON: {"dir",
"made","directory","key","schema","entries","head","recordings","bytes","copied",
"linked","with_key","missing","damaged","newer"}. Exit codes: 0 done, 1 failed, or audio
is missing or damaged (the backup is made all the same), 2 wrong use.`

const example = `  refrain backup /backup/2026-11-29 --data /var/lib/refrain
  refrain backup /backup/2026-11-30 --data /var/lib/refrain --previous /backup/2026-11-29
  refrain backup verify /backup/2026-11-30 --key /safe/ledger.key
  refrain restore /backup/2026-11-30 --data /var/lib/refrain-new --key /safe/ledger.key`

// command is what backup, verify and restore share.
type command struct {
	*console.Console
	format *output.Format
	db     backup.Database

	config, data, key string
}

func newCommand(c *console.Console, cmd *cobra.Command, db backup.Database) *command {
	return &command{Console: c, format: output.FormatFlag(cmd), db: db}
}

func (b *command) dataFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&b.config, "config", "", "configuration file (default refrain.yaml, where "+
		"there is one)")
	cmd.Flags().StringVar(&b.data, "data", "", "the data directory (default as the configuration has it)")
}

func (b *command) keyFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&b.key, "key", "", "the `file` with the ledger's key (default the one in "+
		"the backup)")
}

// dataDir is the data directory that was named, or configured.
func (b *command) dataDir() (string, error) {
	if b.data != "" {
		return b.data, nil
	}
	cfg, err := config.Load(b.config)
	if err == nil && cfg.Database.URL != "" {
		err = fmt.Errorf("state is kept in %v: back that up by PostgreSQL's own tools, such as pg_basebackup or pg_dump, "+
			"and copy the data directory %s after it, in which audio and key lie", cfg.Database, cfg.Data)
	}
	return cfg.Data, err
}

// progress shows a bar.
func (b *command) progress() (show func(done, whole int64), end func()) {
	var bar *console.Progress
	begun := false
	show = func(done, whole int64) {
		if !begun {
			bar, begun = b.ByteProgress(whole), true
		}
		bar.Set(done)
	}
	return show, func() { bar.End() }
}

// New makes refrain backup, which has its database copied by db.
func New(c *console.Console, db backup.Database) *cobra.Command {
	var o backup.Options
	cmd := &cobra.Command{Use: "backup DIR", Short: "Back up a data directory while its server runs",
		Long: help, Example: example, Args: usage.OneArg("directory to back up to")}
	b := newCommand(c, cmd, db)
	b.dataFlags(cmd)
	fs := cmd.Flags()
	fs.StringVar(&o.Previous, "previous", "", "an earlier `backup`, whose audio is not copied again")
	fs.BoolVar(&o.Link, "link", false, "give the data directory's audio a second name instead of "+
		"copying it")
	fs.BoolVar(&o.WithKey, "with-key", false, "put ledger.key into the backup")
	cmd.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		o.Dir = args[0]
		return b.make(cmd.Context(), o)
	})
	cmd.AddCommand(newVerify(b))
	return cmd
}

// Line is a backup that was made, as JSON.
type Line struct {
	Dir string `json:"dir"`
	backup.Manifest
	Copied int64 `json:"copied"`
	Linked int64 `json:"linked"`
}

func (b *command) make(ctx context.Context, o backup.Options) error {
	var err error
	if o.Data, err = b.dataDir(); err != nil {
		return err
	}
	show, end := b.progress()
	o.Database, o.Now, o.Progress = b.db, b.Now, show
	made, err := backup.Make(ctx, o)
	end()
	if err != nil {
		return err
	}
	if err := b.printMade(o, made); err != nil {
		return err
	}
	if err := backup.NoteDone(o.Data, b.Now()); err != nil {
		return fmt.Errorf("the backup is made, but the server can't be told of it: %w", err)
	}
	return odd(made.Manifest)
}

func (b *command) printMade(o backup.Options, made backup.Made) error {
	if *b.format == output.JSON {
		return b.JSON(Line{o.Dir, made.Manifest, made.Copied, made.Linked})
	}
	lines := []string{o.Dir + ": " + told(made.Manifest), fmt.Sprintf("%d files of audio were "+
		"copied, %d were there already", made.Copied, made.Linked)}
	if made.Bucket != "" {
		lines = append(lines, "audio is not in it: it lies in a bucket ("+made.Bucket+"), whose former versions or copies are its backup")
	}
	if !made.WithKey {
		lines = append(lines, "ledger.key is not in it: keep a copy of it elsewhere, without which no "+
			"server starts on the backup")
	}
	return b.Println(lines...)
}

// told says what is in a backup.
func told(m backup.Manifest) string {
	return fmt.Sprintf("%d recordings, %d bytes of audio, %d entries in the ledger, as of %s\nhead %s",
		m.Recordings, m.Bytes, m.Entries, m.Made.Format(time.RFC3339), m.Head)
}

// odd tells of recordings whose audio was not in order.
func odd(m backup.Manifest) error {
	var parts []string
	for _, p := range []struct {
		what string
		ids  []string
	}{{"the audio of %d recordings is missing in the data directory", m.Missing},
		{"the audio of %d recordings is not what was uploaded", m.Damaged}} {
		if len(p.ids) > 0 {
			parts = append(parts, fmt.Sprintf(p.what+" (%s)", len(p.ids), shown(p.ids)))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return fmt.Errorf("the backup is made, but %s: restore those from an earlier backup",
		strings.Join(parts, ", and "))
}

// shown names some of many.
func shown(ids []string) string {
	const some = 5
	if len(ids) <= some {
		return strings.Join(ids, ", ")
	}
	return strings.Join(ids[:some], ", ") + ", ..."
}
