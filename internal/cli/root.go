package cli

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/allow"
	"github.com/refrain-asr/refrain/internal/cli/audit"
	"github.com/refrain-asr/refrain/internal/cli/backup"
	"github.com/refrain-asr/refrain/internal/cli/batch"
	"github.com/refrain-asr/refrain/internal/cli/call"
	"github.com/refrain-asr/refrain/internal/cli/check"
	"github.com/refrain-asr/refrain/internal/cli/complaint"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/demo"
	"github.com/refrain-asr/refrain/internal/cli/doctor"
	"github.com/refrain-asr/refrain/internal/cli/export"
	"github.com/refrain-asr/refrain/internal/cli/freeze"
	"github.com/refrain-asr/refrain/internal/cli/hold"
	"github.com/refrain-asr/refrain/internal/cli/key"
	"github.com/refrain-asr/refrain/internal/cli/ledger"
	"github.com/refrain-asr/refrain/internal/cli/lexicon"
	"github.com/refrain-asr/refrain/internal/cli/match"
	"github.com/refrain-asr/refrain/internal/cli/migrate"
	"github.com/refrain-asr/refrain/internal/cli/model"
	"github.com/refrain-asr/refrain/internal/cli/person"
	"github.com/refrain-asr/refrain/internal/cli/recording"
	"github.com/refrain-asr/refrain/internal/cli/report"
	"github.com/refrain-asr/refrain/internal/cli/reprocess"
	"github.com/refrain-asr/refrain/internal/cli/retention"
	"github.com/refrain-asr/refrain/internal/cli/reveal"
	"github.com/refrain-asr/refrain/internal/cli/review"
	"github.com/refrain-asr/refrain/internal/cli/rule"
	"github.com/refrain-asr/refrain/internal/cli/send"
	"github.com/refrain-asr/refrain/internal/cli/serve"
	"github.com/refrain-asr/refrain/internal/cli/status"
	"github.com/refrain-asr/refrain/internal/cli/tlsfiles"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/cli/user"
)

const rootHelp = `Refrain stops an outbound call centre from calling people who have said no.

It transcribes the customer's side of every recorded call on your own machines,
finds refusals in it, puts suspect calls before a reviewer, and answers the
dialler's question "may I call this number?" with no once a refusal is confirmed.

Times are shown in Asia/Shanghai's time, or in that of TZ where it is set (TZ=Europe/Berlin).

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

func newRoot(c *console.Console, p Parts) *cobra.Command {
	root := &cobra.Command{
		Use: "refrain", Short: "Stop calling people who have said no", Long: rootHelp,
		Example: rootExample,
		Version: p.Version, SilenceErrors: true, SilenceUsage: true,
	}
	root.SetVersionTemplate(newVersionLine(p).text() + "\n")
	root.AddGroup(
		&cobra.Group{ID: groupTry, Title: "Try it:"},
		&cobra.Group{ID: groupServer, Title: "Server:"},
		&cobra.Group{ID: groupClient, Title: "Talk to a server:"},
		&cobra.Group{ID: groupLocal, Title: "Work on files, without a server:"},
	)
	usage.RequireSubcommand(root)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage.FlagError(err) })
	root.SetHelpCommand(newHelp(c, root))
	add(root, groupTry, demo.New(c, p.OpenServer))
	add(root, groupServer, serve.New(c, p.OpenServer), serve.NewGate(c, p.OpenGate), serve.NewWorker(c, p.OpenWorker), backup.New(c, p.Databases),
		backup.NewRestore(c, p.Databases), ledger.New(c, p.RotateKey), migrate.New(c, p.Migrate), tlsfiles.New(c))
	add(root, groupClient, send.New(c), recording.New(c), status.New(c), doctor.New(c), review.New(c), check.New(c),
		call.New(c), freeze.New(c), allow.New(c), rule.New(c), complaint.New(c), report.New(c),
		lexicon.New(c), reprocess.New(c), export.New(c), retention.New(c), hold.New(c), person.New(c), reveal.New(c),
		key.New(c), user.New(c), audit.New(c))
	add(root, groupLocal, transcribe.New(c, p.NewEngine), batch.New(c, p.NewEngine), match.New(c),
		model.New(c), newVersion(c, p))
	return root
}

func add(parent *cobra.Command, group string, commands ...*cobra.Command) {
	for _, cmd := range commands {
		cmd.GroupID = group
		parent.AddCommand(cmd)
	}
}
