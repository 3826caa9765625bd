package lexicon

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords/lexicon"
)

func newShow(l *command) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Print the configured lexicon, or the one that comes with Refrain",
		Args: usage.NoArgs,
		Example: "  refrain lexicon show\n" +
			"  refrain lexicon show --format json    # version and counts only",
		RunE: l.Action(func(*cobra.Command, []string) error {
			lex, err := configuredLexicon()
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
