package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const lexiconHelp = `See, check and change what counts as a refusal.

A lexicon is a YAML file; docs/lexicon.md tells how to write one. 'check' and 'show'
need no server. 'activate' makes a lexicon the one by which a running server judges
recordings from then on, without a restart; every verdict keeps the version that gave
it, and an earlier version can be activated again.`

const lexiconExample = `  refrain lexicon show > mine.yaml
  refrain lexicon check mine.yaml
  refrain lexicon activate mine.yaml
  echo 我不感冒 | refrain match --explain`

// lexicons is what the commands of lexicon share.
type lexicons struct {
	*console
	client *clientFlags
	format *format
}

func newLexicon(c *console) *cobra.Command {
	cmd := &cobra.Command{Use: "lexicon", Short: "See, check and change what counts as a refusal", Long: lexiconHelp, Example: lexiconExample}
	chooses(cmd)
	l := &lexicons{c, addClientFlags(c, cmd), formatFlag(cmd)}
	cmd.AddCommand(newLexiconShow(l), newLexiconCheck(l), newLexiconList(l), newLexiconActivate(l), newLexiconBacktest(l))
	return cmd
}

// problemLine is a finding in a lexicon as JSON. Its kind is problem or hint: a lexicon
// with hints alone can be used.
type problemLine struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// lexiconLine is a lexicon as JSON.
type lexiconLine struct {
	File    string `json:"file,omitempty"`
	Version string `json:"version"`
	Classes int    `json:"classes"`
	Phrases int    `json:"phrases"`
}

func newLexiconCheck(l *lexicons) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE...", Short: "Tell everything that is wrong with a lexicon, with its line", Args: cobra.MinimumNArgs(1),
		Example: "  refrain lexicon show > mine.yaml      # begin with the one that comes with Refrain\n  refrain lexicon check mine.yaml",
		RunE: l.work(func(_ *cobra.Command, files []string) error {
			failed := 0
			for _, file := range files {
				good, err := l.check(file)
				if err != nil {
					return err
				}
				if !good {
					failed++
				}
			}
			return failures(failed, len(files))
		}),
	}
}

// check tells what is wrong with one file, or that it is good, and what is odd in it.
func (l *lexicons) check(file string) (good bool, err error) {
	source, err := os.ReadFile(file)
	if err != nil {
		l.complain("%v", err)
		return false, nil
	}
	lex, wrong, hints := keywords.Check(source)
	if err := errors.Join(l.report(file, "problem", wrong), l.report(file, "hint", hints)); err != nil || lex == nil {
		return false, err
	}
	line := lexiconLine{File: file, Version: lex.ID(), Classes: len(lex.Classes), Phrases: lex.Phrases()}
	if *l.format == formatJSON {
		return true, l.json(line)
	}
	return true, l.println(fmt.Sprintf("%s is good: version %s, %d classes, %d phrases and patterns", file, line.Version, line.Classes, line.Phrases))
}

// report tells findings line by line.
func (l *lexicons) report(file, kind string, findings []lexicon.Error) error {
	for _, f := range findings {
		if *l.format == formatJSON {
			if err := l.json(problemLine{file, f.Line, kind, f.What}); err != nil {
				return err
			}
			continue
		}
		l.complain("%s:%d: %s: %s", file, f.Line, kind, f.What)
	}
	return nil
}

func newLexiconShow(l *lexicons) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Print the configured lexicon, or the one that comes with Refrain", Args: none,
		Example: "  refrain lexicon show\n  refrain lexicon show --format json    # version and counts only",
		RunE: l.work(func(*cobra.Command, []string) error {
			lex, err := configuredLexicon()
			if err != nil {
				return err
			}
			if *l.format == formatJSON {
				return l.json(lexiconLine{Version: lex.ID(), Classes: len(lex.Classes), Phrases: lex.Phrases()})
			}
			if _, err := l.out.Write(lex.Source()); err != nil {
				return fmt.Errorf("write the result: %w", err)
			}
			return nil
		}),
	}
}

// configuredLexicon is what a server started here would judge by, made a judge of, so
// that one which can't be used is not shown as if it could.
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

// activationLine is an activation as JSON.
type activationLine struct {
	Version string  `json:"version"`
	Active  bool    `json:"active"`
	Time    *string `json:"time"`
	Actor   string  `json:"actor"`
}

func newLexiconList(l *lexicons) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the server's activations, newest first", Args: none,
		Example: "  refrain lexicon list",
		RunE:    l.work(func(cmd *cobra.Command, _ []string) error { return l.list(cmd.Context()) }),
	}
}

func (l *lexicons) list(ctx context.Context) error {
	cl, err := l.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	req := &pb.ListLexiconsRequest{PageSize: 500}
	for head := true; ; head = false {
		resp, err := cl.lexicons.ListLexicons(ctx, req)
		if err != nil {
			return err
		}
		if head && len(resp.GetLexicons()) == 0 && *l.format == formatText {
			return l.println("none was activated: the server judges by the lexicon it was started with")
		}
		for _, lex := range resp.GetLexicons() {
			if err := l.tell(lex); err != nil {
				return err
			}
		}
		if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
			return nil
		}
	}
}

func (l *lexicons) tell(lex *pb.Lexicon) error {
	if *l.format == formatJSON {
		return l.json(activationLine{lex.GetVersion(), lex.GetActive(), jsonTime(lex.GetActivateTime()), lex.GetActor()})
	}
	text := fmt.Sprintf("%s  activated %s by %s", lex.GetVersion(), textTime(lex.GetActivateTime()), lex.GetActor())
	if lex.GetActive() {
		text += "  (active)"
	}
	return l.println(text)
}

func newLexiconActivate(l *lexicons) *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use: "activate FILE | --version VERSION", Short: "Make the server judge by a lexicon from now on", Args: cobra.MaximumNArgs(1),
		Example: "  refrain lexicon activate mine.yaml\n  refrain lexicon activate --version default   # back to the one that comes with Refrain",
	}
	cmd.Flags().StringVar(&version, "version", "", "an earlier `version` of the server's list, or default")
	cmd.RunE = l.work(func(cmd *cobra.Command, args []string) error {
		if (version == "") == (len(args) == 0) {
			return misuse("name a file or, with --version, an earlier version")
		}
		req := &pb.ActivateLexiconRequest{RequestId: uuid.NewString(), Lexicon: &pb.ActivateLexiconRequest_Version{Version: version}}
		if len(args) > 0 {
			source, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			req.Lexicon = &pb.ActivateLexiconRequest_Source{Source: string(source)}
		}
		return l.activate(cmd.Context(), req)
	})
	return cmd
}

func (l *lexicons) activate(ctx context.Context, req *pb.ActivateLexiconRequest) error {
	cl, err := l.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	resp, err := cl.lexicons.ActivateLexicon(ctx, req)
	if err != nil {
		return err
	}
	return l.tell(resp.GetLexicon())
}
