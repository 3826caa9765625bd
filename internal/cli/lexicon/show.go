package lexicon

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const showHelp = `Print the lexicon by which a server judges, to change and activate it.

Where no server runs at the default address, it is the lexicon that one started here
would judge by: the configured one, or the one that comes with Refrain. A server that
is named, by --server or REFRAIN_SERVER, must answer.`

// shown is where the lexicon to be shown is looked for.
type shown struct {
	version        string
	shipped, named bool
}

func newShow(l *command) *cobra.Command {
	var s shown
	cmd := &cobra.Command{
		Use: "show", Short: "Print the lexicon in force, an earlier version, or the one that comes " +
			"with Refrain", Args: usage.NoArgs, Long: showHelp,
		Example: "  refrain lexicon show > mine.yaml\n" +
			"  refrain lexicon show --shipped\n" +
			"  refrain lexicon show --format json    # version and counts only",
		RunE: l.Action(func(cmd *cobra.Command, _ []string) error {
			s.named = cmd.Flags().Changed("server") || l.Getenv("REFRAIN_SERVER") != ""
			lex, err := l.find(cmd.Context(), s)
			if err != nil {
				return err
			}
			if *l.format == output.JSON {
				return l.JSON(newLine("", lex))
			}
			if _, err := l.Out.Write(lex.Source()); err != nil {
				return fmt.Errorf("write the result: %w", err)
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&s.version, "version", "", "an earlier `version` of the server's list")
	cmd.Flags().BoolVar(&s.shipped, "shipped", false, "the one that comes with Refrain; needs no server")
	cmd.MarkFlagsMutuallyExclusive("version", "shipped")
	return cmd
}

func (l *command) find(ctx context.Context, s shown) (*lexicon.Lexicon, error) {
	if s.shipped {
		return lexicon.Default(), nil
	}
	lex, err := l.inForce(ctx, s.version)
	e, fromServer := errors.AsType[*client.Error](err)
	if s.named || s.version != "" || !fromServer || e.Code != codes.Unavailable {
		return lex, err
	}
	l.Errorf("no server runs at the default address: this is what one started here would judge by")
	return configuredLexicon()
}

// inForce asks the server, for the lexicon in force where version is "".
func (l *command) inForce(ctx context.Context, version string) (lex *lexicon.Lexicon, err error) {
	err = l.client.With(func(cl *client.Client) error {
		resp, err := cl.Lexicons.GetLexicon(ctx, &pb.GetLexiconRequest{Version: version})
		if err != nil {
			return err
		}
		lex, err = lexicon.Parse([]byte(resp.GetLexicon().GetSource()))
		return err
	})
	return lex, err
}

// configuredLexicon is what a server that is started here would judge by. A judge is made of
// it, so that one which can't be used is not shown as if it could.
func configuredLexicon() (*lexicon.Lexicon, error) {
	cfg, err := config.Load("")
	if err != nil {
		return nil, err
	}
	judge, err := cfg.Judging.NewJudge()
	if err != nil {
		return nil, err
	}
	return judge.Lexicon(), nil
}
