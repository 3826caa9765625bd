package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const freezeVerifyHelp = `Prove that the ledger of freezes is whole and unchanged.

Each entry is chained to the one before under a key that lies outside of the database.
That finds changed, inserted and missing entries. It can't find that the last entries
were cut off: for that, give --head a hash that was noted earlier, such as one from the
server's log, which names the head every hour.

JSON: {"entries","head","intact","problems","at"}. Exit codes: 0 nothing is wrong, 1
something is, 2 wrong use.`

func newFreezeVerify(f *freezing) *cobra.Command {
	var head string
	cmd := &cobra.Command{
		Use: "verify", Short: "Prove that the ledger is whole and unchanged", Args: none, Long: freezeVerifyHelp,
		Example: "  refrain freeze verify\n  refrain freeze verify --head 5f1d…",
		RunE: f.work(func(cmd *cobra.Command, _ []string) error {
			return f.client.with(func(cl *client) error { return f.verify(cmd.Context(), cl, head) })
		}),
	}
	cmd.Flags().StringVar(&head, "head", "", "a `hash` noted earlier that must be in the ledger")
	return cmd
}

// verifyLine is the finding as JSON.
type verifyLine struct {
	Entries  int64    `json:"entries"`
	Head     string   `json:"head"`
	Intact   bool     `json:"intact"`
	Problems []string `json:"problems"`
	At       string   `json:"at"`
}

func (f *freezing) verify(ctx context.Context, cl *client, head string) error {
	resp, err := cl.freezes.VerifyLedger(ctx, &pb.VerifyLedgerRequest{Head: head})
	if err != nil {
		return err
	}
	line := verifyLine{Entries: resp.GetEntries(), Head: resp.GetHead(), Intact: len(resp.GetProblems()) == 0, Problems: []string{},
		At: f.now().UTC().Format(time.RFC3339)}
	for _, p := range resp.GetProblems() {
		line.Problems = append(line.Problems, p.GetMessage())
	}
	if err := f.tellVerified(line); err != nil || line.Intact {
		return err
	}
	return errors.New("the ledger is not what was written: keep the database and its key as they are, and compare with a backup")
}

func (f *freezing) tellVerified(line verifyLine) error {
	if *f.format == formatJSON {
		return f.json(line)
	}
	if line.Intact {
		return f.println(fmt.Sprintf("%d entries, whole and unchanged", line.Entries), "head "+line.Head)
	}
	for _, p := range line.Problems {
		if err := f.println("wrong: " + p); err != nil {
			return err
		}
	}
	return nil
}
