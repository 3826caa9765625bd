package backup

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/backup"
	"github.com/refrain-asr/refrain/internal/blob"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/secret"
)

const verifyHelp = `Check a backup: every file against its checksum, the database, that no recording's audio
is left out, and the ledger, where its key is in the backup or given with --key. Audio
that is encrypted is compared with what was uploaded where --audio-identity is given.

JSON: {"dir","intact","proven","wrong"} and what backup tells; proven says that the ledger
was verified. Exit codes: 0 nothing is wrong, 1 something is, 2 wrong use.`

func newVerify(b *command) *cobra.Command {
	var identity string
	cmd := &cobra.Command{Use: "verify DIR", Short: "Check that a backup is whole and unchanged",
		Long: verifyHelp, Example: "  refrain backup verify /backup/2026-11-29 --key /safe/ledger.key",
		Args: usage.OneArg("backup"),
		RunE: b.Action(func(cmd *cobra.Command, args []string) error {
			return b.verify(cmd.Context(), args[0], identity)
		})}
	b.keyFlag(cmd)
	cmd.Flags().StringVar(&identity, "audio-identity", "", "the `file` with the identity of age that decrypts "+
		"the audio, to compare it with what was uploaded")
	return cmd
}

// Verification is what was found, as JSON.
type Verification struct {
	Dir    string   `json:"dir"`
	Intact bool     `json:"intact"`
	Proven bool     `json:"proven"`
	Wrong  []string `json:"wrong"`
	backup.Manifest
}

func (b *command) verify(ctx context.Context, dir, identity string) error {
	show, end := b.progress()
	o := backup.VerifyOptions{Dir: dir, Key: b.key, Database: b.db, Progress: show}
	if identity != "" {
		text, err := secret.Source{File: identity}.Read(ctx)
		if err != nil {
			return fmt.Errorf("--audio-identity: %w", err)
		}
		cipher, err := blob.NewCipher(text, nil, false)
		if err != nil {
			return fmt.Errorf("--audio-identity: %s %w", identity, err)
		}
		o.Plain = cipher.Plain
	}
	v, err := backup.Verify(ctx, o)
	end()
	if err != nil {
		return err
	}
	if err := b.printVerified(dir, v); err != nil || len(v.Wrong) == 0 {
		return err
	}
	return errors.New("the backup is not what was written: make another one, and find out what " +
		"happened to this one")
}

func (b *command) printVerified(dir string, v backup.Verified) error {
	intact := len(v.Wrong) == 0
	if *b.format == output.JSON {
		return b.JSON(Verification{dir, intact, intact && v.Proven, append([]string{}, v.Wrong...),
			v.Manifest})
	}
	for _, w := range v.Wrong {
		if err := b.Println("wrong: " + w); err != nil {
			return err
		}
	}
	if !intact {
		return nil
	}
	how := "whole and unchanged; the ledger too"
	if !v.Proven {
		how = "whole and unchanged; the ledger was not verified, for which its key is needed (--key)"
	}
	return b.Println(dir+": "+told(v.Manifest), how)
}
