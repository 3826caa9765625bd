package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
--former or --erasures names.

A backup has the keys and the people of when it was made: a key that was revoked since, a
token that was rotated away, a password that was changed and a right that was taken would
work again. So where a backup lets anybody in, say how it is to be: --former takes keys
and people as they are now from the old data directory, or from a newer backup, where one
can be read; --keep-access lets them in as they were then, and lists them. Either way
diallers go on asking with their keys, and who was signed in signs in anew.

JSON: {"dir","data","files","erasures","admitted","doubts"} and what backup tells. Exit codes: 0 done, 1 failed, 2
wrong use.`

// NewRestore makes refrain restore.
func NewRestore(c *console.Console, db backup.Database) *cobra.Command {
	cmd := &cobra.Command{Use: "restore DIR", Short: "Put a backup back", Long: restoreHelp,
		Example: "  refrain restore /backup/2026-11-29 --data /var/lib/refrain --key /safe/ledger.key " +
			"--former /var/lib/refrain-old",
		Args: usage.OneArg("backup")}
	b := newCommand(c, cmd, db)
	b.dataFlags(cmd)
	b.keyFlag(cmd)
	var o backup.RestoreOptions
	cmd.Flags().StringVar(&o.Former, "former", "", "the old data `directory`, or a newer backup: keys, people and "+
		"erasures are as it has them")
	cmd.Flags().BoolVar(&o.KeepAccess, "keep-access", false, "let keys and people in as they were when the backup "+
		"was made")
	cmd.MarkFlagsMutuallyExclusive("former", "keep-access")
	cmd.Flags().StringArrayVar(&o.Erasures, "erasures", nil, "a `file` erasures.log of a data directory that is "+
		"newer than the backup: who was erased since is erased again")
	cmd.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		o.Dir = args[0]
		return b.restore(cmd.Context(), o)
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
	// Admitted are the keys and the people who are let in, Doubts what beside the backup could not be read.
	Admitted []backup.Admitted `json:"admitted"`
	Doubts   []string          `json:"doubts"`
	backup.Manifest
}

func (b *command) restore(ctx context.Context, o backup.RestoreOptions) error {
	var err error
	if o.Data, err = b.dataDir(); err != nil {
		return err
	}
	show, end := b.progress()
	o.Key, o.Database, o.Now, o.Progress = b.key, b.db, b.Now, show
	done, err := backup.Restore(ctx, o)
	end()
	if wrong, ok := errors.AsType[*backup.WrongError](err); ok {
		for _, w := range wrong.Wrong {
			b.Errorf("wrong: %s", w)
		}
	}
	if unasked, ok := errors.AsType[*backup.AdmittedError](err); ok {
		for _, a := range unasked.Admitted {
			b.Errorf("let in: %s", admitted(a))
		}
	}
	for _, doubt := range done.Doubts {
		b.Errorf("warning: %s", doubt)
	}
	if err != nil {
		return err
	}
	if *b.format == output.JSON {
		return b.JSON(RestoredLine{o.Dir, o.Data, done.Files, done.Erasures, append([]backup.Admitted{}, done.Admitted...),
			append([]string{}, done.Doubts...), done.Manifest})
	}
	return b.Println(restored(o, done)...)
}

// restored says what was put back.
func restored(o backup.RestoreOptions, done backup.Restored) []string {
	lines := []string{o.Data + ": " + told(done.Manifest),
		fmt.Sprintf("%d files of audio are back; the ledger is whole and unchanged", done.Files),
		"what came after " + done.Made.Format(time.RFC3339) + " is not in it",
		fmt.Sprintf("%d people were erased after it was made, as far as the backups beside it, --former and --erasures "+
			"tell; they are erased again when the server starts", done.Erasures)}
	for _, a := range done.Admitted {
		lines = append(lines, "let in: "+admitted(a))
	}
	switch {
	case len(done.Admitted) == 0:
	case o.Former != "":
		lines = append(lines, "keys and people are as "+o.Former+" has them")
	default:
		lines = append(lines, "these keys and people are let in as they were at "+done.Made.Format(time.RFC3339)+": what was "+
			"revoked, rotated, disabled or changed since works again, until you do it anew: refrain key revoke NAME "+
			"--reason R --data "+o.Data+", refrain user disable NAME --data "+o.Data)
	}
	return lines
}

// admitted says who a key or somebody is.
func admitted(a backup.Admitted) string {
	text := a.Kind + " " + a.Name + ", " + a.Role
	if len(a.Lines) > 0 {
		text += ", lines " + strings.Join(a.Lines, ", ")
	}
	if len(a.Tokens) > 0 {
		text += ", tokens " + strings.Join(a.Tokens, "..., ") + "..."
	}
	return text
}
