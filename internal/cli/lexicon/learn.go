package lexicon

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/lexicon/learn"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const learnHelp = `Learn from the reviewers' decisions what false suspects have in common here, and write
it into a lexicon, under learned_here.

What is learned is a list of at most 200 things with a weight each: runs of two to six
characters, phrases of the lexicon, its classes, how long the passage is. It corrects
what the program's own model and the phrases make of a passage. Nothing changes until
the lexicon is activated; enabled: false in that part of it, or the line learned_here:
off in its place, switches it off.

The decisions are those on the server's suspects, or with --from those of files: tables
(.tsv) of labelled utterances in the form of keywords/testdata/labelled, or dialogues
(.jsonl), {"turns": [[speaker, text], ...], "refusal": {"turn", "class"}}. Only words and
numbers are kept that stand in several of them.

JSON: a line for each item, {"kind","text","weight","confirmed","dismissed"}; then
{"confirmed","dismissed","false_suspects","lost","raised","gained","shift","items",
"upon","lexicon","file"}, where false_suspects of the dismissed would remain and lost of
the confirmed be no suspects any more by what was learned from the other decisions;
raised and gained are calls without and with a refusal that would become suspects.`

const learnExample = `  refrain lexicon learn                         # see what there is to learn
  refrain lexicon learn --out mine.yaml
  refrain lexicon backtest mine.yaml            # what it would change
  refrain lexicon activate mine.yaml            # switch it on
  refrain lexicon learn --from decided.tsv --lexicon yours.yaml --out mine.yaml`

func newLearn(l *command) *cobra.Command {
	run := learning{command: l}
	cmd := &cobra.Command{
		Use: "learn", Short: "Learn from decisions which suspects are false ones",
		Long: learnHelp, Example: learnExample, Args: usage.NoArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&run.out, "out", "", "write the corrected lexicon to this `FILE`")
	flags.StringSliceVar(&run.from, "from", nil, "learn from these labelled `FILES`, .tsv or "+
		".jsonl, instead of the server's decisions")
	flags.StringVar(&run.lexicon, "lexicon", "", "correct this lexicon `FILE` or folder instead "+
		"of the one in force")
	flags.Float64Var(&run.shift, "shift", learn.DefaultShift, "add this `much` to the log odds of "+
		"each passage, -3 to 3: the lower, the fewer suspects, false and true ones")
	flags.BoolVar(&run.force, "force", false, fmt.Sprintf("learn from fewer than %d dismissed "+
		"suspects, too", learn.FewestDismissed))
	cmd.RunE = l.Action(func(cmd *cobra.Command, _ []string) error { return run.run(cmd.Context()) })
	return cmd
}

// learning is one run of lexicon learn.
type learning struct {
	*command
	out, lexicon string
	from         []string
	force        bool
	shift        float64
}

func (l *learning) run(ctx context.Context) error {
	if !(math.Abs(l.shift) <= lexicon.MostCorrection) {
		return usage.Errorf("--shift is %v; it must be from %v to %v", l.shift,
			-lexicon.MostCorrection, lexicon.MostCorrection)
	}
	source, err := l.source(ctx)
	if err != nil {
		return err
	}
	cfg, err := config.Load("")
	if err != nil {
		return err
	}
	learner, err := learn.New(source, keywords.Options{Threshold: cfg.Judging.Threshold})
	if err != nil {
		return fmt.Errorf("learn for a lexicon: %w", err)
	}
	learner.Shift = l.shift
	decisions, err := l.decisions(ctx)
	if err != nil {
		return err
	}
	if err := l.enough(learner, decisions); err != nil {
		return err
	}
	result, err := learner.Learn(decisions, time.Now())
	if err != nil {
		return fmt.Errorf("use what was learned: %w", err)
	}
	if err := l.write(result.Source); err != nil {
		return err
	}
	return l.tell(result)
}

// source is the lexicon to correct: the file's, or what is in force, at the server or, where the
// decisions come from files, here.
func (l *learning) source(ctx context.Context) (text []byte, err error) {
	switch {
	case l.lexicon != "":
		source, err := lexicon.Read(l.lexicon)
		if err != nil {
			return nil, fmt.Errorf("read the lexicon %s: %w", l.lexicon, err)
		}
		if _, err := lexicon.Parse(source.Text); err != nil {
			return nil, fmt.Errorf("the lexicon %s: %w", l.lexicon, source.Trace(err))
		}
		return source.Text, nil
	case len(l.from) > 0:
		lex, err := configuredLexicon()
		if err != nil {
			return nil, err
		}
		return lex.Source(), nil
	}
	err = l.client.With(func(cl *client.Client) error {
		resp, err := cl.Lexicons.GetLexicon(ctx, &pb.GetLexiconRequest{})
		text = []byte(resp.GetLexicon().GetSource())
		return err
	})
	return text, err
}

func (l *learning) decisions(ctx context.Context) (list []learn.Decision, err error) {
	if len(l.from) > 0 {
		return labelledDecisions(l.from)
	}
	err = l.client.With(func(cl *client.Client) error {
		list, err = serverDecisions(ctx, cl)
		return err
	})
	return list, err
}

// enough fails where nothing can be learned that holds for other calls.
func (l *learning) enough(learner *learn.Learner, decisions []learn.Decision) error {
	confirmed, dismissed := learner.Count(decisions)
	switch {
	case dismissed == 0:
		return fmt.Errorf("nothing to learn from: none of %d decisions dismisses a suspect of %s",
			len(decisions), learner.Base().ID())
	case dismissed < learn.FewestDismissed && !l.force:
		return fmt.Errorf("%d confirmed and %d dismissed suspects of %s are too few: wait for %d "+
			"dismissed ones, or see what comes of these with --force", confirmed, dismissed,
			learner.Base().ID(), learn.FewestDismissed)
	}
	return nil
}

// write writes the lexicon, if it is wanted.
func (l *learning) write(source []byte) error {
	if l.out == "" {
		return nil
	}
	if info, err := os.Stat(l.out); err == nil && info.IsDir() {
		return usage.Errorf("--out %s is a folder; name a file: the lexicon is written as one", l.out)
	}
	if err := lexicon.Write(l.out, source); err != nil {
		return fmt.Errorf("write the lexicon %s: %w", l.out, err)
	}
	return nil
}
