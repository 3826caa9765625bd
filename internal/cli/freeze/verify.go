package freeze

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const verifyHelp = `Prove that the ledger of freezes is whole and unchanged.

Each entry is chained to the one before under a key that lies outside of the database.
That finds changed, inserted and missing entries. It can't find that the last entries
were cut off: for that, give --head a hash that was noted earlier, such as one from the
server's log, which names the head every hour.

JSON: {"entries","head","intact","problems","at"}. Exit codes: 0 nothing is wrong, 1
something is, 2 wrong use.`

func newVerify(f *command) *cobra.Command {
	var head string
	cmd := &cobra.Command{
		Use: "verify", Short: "Prove that the ledger is whole and unchanged", Args: usage.NoArgs,
		Long:    verifyHelp,
		Example: "  refrain freeze verify\n  refrain freeze verify --head 5f1d…",
		RunE: f.Action(func(cmd *cobra.Command, _ []string) error {
			return f.client.With(func(cl *client.Client) error {
				return f.verify(cmd.Context(), cl, head)
			})
		}),
	}
	cmd.Flags().StringVar(&head, "head", "", "a `hash` noted earlier that must be in the ledger")
	return cmd
}

// Verification is the finding as JSON.
type Verification struct {
	Entries  int64    `json:"entries"`
	Head     string   `json:"head"`
	Intact   bool     `json:"intact"`
	Problems []string `json:"problems"`
	At       string   `json:"at"`
}

func (f *command) verify(ctx context.Context, cl *client.Client, head string) error {
	resp, err := cl.Freezes.VerifyLedger(ctx, &pb.VerifyLedgerRequest{Head: head})
	if err != nil {
		return err
	}
	line := Verification{Entries: resp.GetEntries(), Head: resp.GetHead(),
		Intact: len(resp.GetProblems()) == 0, Problems: []string{},
		At: f.Now().UTC().Format(time.RFC3339)}
	for _, p := range resp.GetProblems() {
		line.Problems = append(line.Problems, p.GetMessage())
	}
	if err := f.printVerified(line); err != nil || line.Intact {
		return err
	}
	return errors.New("the ledger is not what was written: keep the database and its key as they " +
		"are, and compare with a backup")
}

func (f *command) printVerified(line Verification) error {
	if *f.format == output.JSON {
		return f.JSON(line)
	}
	if line.Intact {
		return f.Println(fmt.Sprintf("%d entries, whole and unchanged", line.Entries), "head "+
			line.Head)
	}
	for _, p := range line.Problems {
		if err := f.Println("wrong: " + p); err != nil {
			return err
		}
	}
	return nil
}
