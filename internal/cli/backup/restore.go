package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const restoreHelp = `Put a backup back into a data directory that is empty or not there.

All of the backup is checked before anything is written. Then audio, key and, last, the
database are copied, and the ledger is verified. Run it as the server's user, then start
the server. What was frozen, decided and uploaded after the backup was made is not in
it: keep the old data directory until you know what became of that.

Who was erased since the backup was made is erased again when the server starts: that is
known from erasures.log in the backups beside it, and in the old data directory, which
--erasures names.

JSON: {"dir","data","files","erasures"} and what backup tells. Exit codes: 0 done, 1 failed, 2
wrong use.`

// NewRestore makes refrain restore.
func NewRestore(c *console.Console, db backup.Database) *cobra.Command {
	cmd := &cobra.Command{Use: "restore DIR", Short: "Put a backup back", Long: restoreHelp,
		Example: "  refrain restore /backup/2026-11-29 --data /var/lib/refrain --key /safe/ledger.key",
		Args:    usage.OneArg("backup")}
	b := newCommand(c, cmd, db)
	b.dataFlags(cmd)
	b.keyFlag(cmd)
	var erasures []string
	cmd.Flags().StringArrayVar(&erasures, "erasures", nil, "a `file` erasures.log of a data directory that is "+
		"newer than the backup: who was erased since is erased again")
	cmd.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		return b.restore(cmd.Context(), args[0], erasures)
	})
	return cmd
}

// RestoredLine is a backup that was put back, as JSON.
type RestoredLine struct {
	Dir   string `json:"dir"`
	Data  string `json:"data"`
	Files int64  `json:"files"`
	// Erasures is how many people were erased after the backup was made.
	Erasures int `json:"erasures"`
	backup.Manifest
}

func (b *command) restore(ctx context.Context, dir string, erasures []string) error {
	data, err := b.dataDir()
	if err != nil {
		return err
	}
	show, end := b.progress()
	done, err := backup.Restore(ctx, backup.RestoreOptions{Dir: dir, Data: data, Key: b.key,
		Erasures: erasures, Database: b.db, Now: b.Now, Progress: show})
	end()
	if wrong, ok := errors.AsType[*backup.WrongError](err); ok {
		for _, w := range wrong.Wrong {
			b.Errorf("wrong: %s", w)
		}
	}
	if err != nil {
		return err
	}
	if *b.format == output.JSON {
		return b.JSON(RestoredLine{dir, data, done.Files, done.Erasures, done.Manifest})
	}
	return b.Println(data+": "+told(done.Manifest),
		fmt.Sprintf("%d files of audio are back; the ledger is whole and unchanged", done.Files),
		"what came after "+done.Made.Format(time.RFC3339)+" is not in it",
		fmt.Sprintf("%d people were erased after it was made, as far as the backups beside it and --erasures "+
			"tell; they are erased again when the server starts", done.Erasures))
}
