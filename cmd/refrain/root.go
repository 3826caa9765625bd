package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
)

const rootHelp = `Refrain stops an outbound call centre from calling people who have said no.

It transcribes the customer's side of every recorded call on your own machines,
finds refusals in it, puts suspect calls before a reviewer, and answers the
dialler's question "may I call this number?" with no once a refusal is confirmed.

Exit codes: 0 done, 1 failed, 2 wrong use. With many files or numbers a bad one is
reported, the rest go on, and the exit code is 1 at the end.`

const rootExample = `  refrain demo                                  see the whole way on sample calls
  refrain serve                                 start a server
  refrain send call.wav --number 13800138000 --agent a17 --call-id 4711
  refrain review list                           see who seems to have refused
  refrain check 13800138000                     ask whether a number may be called`

// The groups in which help lists the commands.
const (
	groupTry    = "try"
	groupServer = "server"
	groupClient = "client"
	groupLocal  = "local"
)

// parts are what the program is made of and the commands can't make themselves.
type parts struct {
	// Version is what the program calls itself, Engine its speech engine, both for --version.
	Version, Engine string
	// OpenServer and OpenEngine open what serve, demo and transcribe run.
	OpenServer openServer
	OpenEngine openEngine
}

func newRoot(c *console, p parts) *cobra.Command {
	root := &cobra.Command{
		Use: "refrain", Short: "Stop calling people who have said no", Long: rootHelp, Example: rootExample,
		Version: p.Version, SilenceErrors: true, SilenceUsage: true,
	}
	root.SetVersionTemplate(fmt.Sprintf("refrain {{.Version}} (%s, %s, %s/%s)\n",
		p.Engine, runtime.Version(), runtime.GOOS, runtime.GOARCH))
	root.AddGroup(
		&cobra.Group{ID: groupTry, Title: "Try it:"},
		&cobra.Group{ID: groupServer, Title: "Server:"},
		&cobra.Group{ID: groupClient, Title: "Talk to a server:"},
		&cobra.Group{ID: groupLocal, Title: "Work on files, without a server:"},
	)
	chooses(root)
	root.SetHelpCommand(newHelp(c, root))
	add(root, groupTry, newDemo(c, p.OpenServer))
	add(root, groupServer, newServe(c, p.OpenServer))
	add(root, groupClient, newSend(c), newReview(c), newCheck(c), newCall(c), newFreeze(c), newAllow(c), newRule(c), newComplaint(c), newReport(c), newLexicon(c))
	add(root, groupLocal, newTranscribe(c, p.OpenEngine), newMatch(c), newModel(c))
	return root
}

func add(parent *cobra.Command, group string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		cmd.GroupID = group
		parent.AddCommand(cmd)
	}
}

// chooses makes cmd one that does nothing by itself: without a subcommand, or with an
// unknown one, it is used wrongly.
func chooses(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs
	cmd.SuggestionsMinimumDistance = 2
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			cmd.SetOut(cmd.ErrOrStderr())
			_ = cmd.Help() // it goes to standard error; there is nowhere else to complain
			return misuse("say what to do")
		}
		return unknownCommand(cmd, args[0])
	}
}

func unknownCommand(parent *cobra.Command, name string) error {
	message := fmt.Sprintf("there is no command %q", parent.CommandPath()+" "+name)
	if near := parent.SuggestionsFor(name); len(near) > 0 {
		message += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return misuse("%s", message)
}

// newHelp is cobra's help, except that asking about what there is not is wrong use.
func newHelp(c *console, root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about any command", Example: "  refrain help review confirm",
		RunE: c.work(func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil {
				return misuse("%v", err)
			}
			if len(rest) > 0 {
				return unknownCommand(cmd, rest[0])
			}
			cmd.InitDefaultHelpFlag() // it is among the flags that help lists
			return cmd.Help()
		}),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			if cmd, rest, err := root.Find(args); err == nil && len(rest) == 0 {
				for _, sub := range cmd.Commands() {
					if sub.IsAvailableCommand() {
						names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// none wants no arguments.
func none(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misuse("%s takes no arguments; leave %q out", cmd.Name(), args[0])
	}
	return nil
}

// reasonFlag adds --reason, without which cmd is used wrongly.
func reasonFlag(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "`why`, for the record")
	_ = cmd.MarkFlagRequired("reason") // the flag exists: see above
	// It runs before cobra looks at required flags, and words it better.
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if strings.TrimSpace(*reason) == "" {
			return misuse("say why: --reason")
		}
		return nil
	}
}

// one wants exactly one argument.
func one(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return misuse("give one %s; here are %d arguments", what, len(args))
		}
		if args[0] == "" {
			return misuse("%s is empty", what)
		}
		return nil
	}
}

// some wants at least one argument.
func some(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return misuse("give at least one %s", what)
		}
		return nil
	}
}
