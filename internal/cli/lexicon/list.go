package lexicon

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func newList(l *command) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the server's activations, newest first", Args: usage.NoArgs,
		Example: "  refrain lexicon list",
		RunE: l.Action(func(cmd *cobra.Command, _ []string) error {
			return l.client.With(func(cl *client.Client) error { return l.list(cmd.Context(), cl) })
		}),
	}
}

func (l *command) list(ctx context.Context, cl *client.Client) error {
	return client.Limit(0).Pages(func(size int32, token string) (int, string, error) {
		resp, err := cl.Lexicons.ListLexicons(ctx, &pb.ListLexiconsRequest{
			PageSize: size, PageToken: token,
		})
		if err != nil {
			return 0, "", err
		}
		if token == "" && len(resp.GetLexicons()) == 0 && *l.format == output.Text {
			return 0, "", l.Println("none was activated: the server judges by the lexicon it was " +
				"started with")
		}
		for _, lex := range resp.GetLexicons() {
			if err := l.print(lex); err != nil {
				return 0, "", err
			}
		}
		return len(resp.GetLexicons()), resp.GetNextPageToken(), nil
	})
}
