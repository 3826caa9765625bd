package batch

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/hearing"
	"github.com/refrain-asr/refrain/internal/cli/naming"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/upload"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `Transcribe and judge whole archives, on this machine and without a server.

PATH is a file, a folder with all below it, a tar, tar.gz or zip archive, which is read
where it lies, or a pattern such as 'calls/**/*.wav'. Or a --manifest names the files, as
for refrain send. What is no audio is passed over.

The result is JSON, a line a call: that of refrain transcribe, with member, sha256,
call_id, part, number, agent, line, start, text, class, model_sha256, lexicon, threshold
and settings. With --out FILE.csv or FILE.parquet a table is made of it at the end, and
the lines lie in FILE.csv.journal.jsonl. Numbers are masked, in the names of files too,
unless --full-numbers is said.

Run the same command again after whatever broke it off: it goes on where it was. What
was heard with the same model and settings is not heard again, and if the lexicon has
changed since, is judged anew; --force hears everything. However often a run is
stopped, the lines at the end are those of one that wasn't.

Files that can't be used are told in FILE.errors.jsonl, and tried again by the next run.

` + naming.Help + `

The two files of a call that has one for each side are heard as one call, where a name
tells call_id and side, and they lie in the same folder or archive.

With --submit nothing is heard here: a server is given the calls, as if recorders had sent
them, with call_id, number and when the call was. It hears them behind what is live, and
keeps this waiting while its backlog is full. Where the file lies in one of the server's
archives (intake.archives in its settings) it is heard in place, and not copied. Each call
is one recording, however often it is submitted. A confirmed refusal freezes from the
call's day on, not from today.

Exit codes: 0 done, 1 failed, stopped or a file could not be used, 2 wrong use.`

const example = `  refrain batch /var/spool/calls --out calls.jsonl
  refrain batch 2026-11.tar.gz --preset vicidial --out november.parquet
  refrain batch 'monitor/2026/**/*.wav' --preset asterisk-monitor --out calls.csv
  refrain batch --manifest calls.csv --out result.jsonl --format json
  refrain batch /srv/recordings --preset freeswitch --submit --server 127.0.0.1:7430`

// options are batch's flags.
type options struct {
	engine        hearing.NewEngine
	format        *output.Format
	hearing       *hearing.Flags
	names         *naming.Flags
	tables        upload.Manifests
	out, manifest string
	jobs          int
	submit        bool
	client        *client.Flags
	force         bool
	fullNumbers   bool
}

// New makes refrain batch, which hears with an engine of that kind.
func New(c *console.Console, engine hearing.NewEngine) *cobra.Command {
	o := &options{engine: engine}
	cmd := &cobra.Command{
		Use: "batch PATH... --out FILE", Short: "Transcribe and judge archives of recordings", Long: help,
		Example: example, Args: cobra.ArbitraryArgs,
		RunE: c.Action(func(cmd *cobra.Command, args []string) error {
			if o.submit {
				return submit(cmd.Context(), c, o, args)
			}
			return run(cmd.Context(), c, o, args)
		}),
	}
	o.format, o.hearing = output.FormatFlag(cmd), hearing.AddFlags(cmd)
	o.names, o.client = naming.AddFlags(cmd, &o.tables.Times), client.AddFlags(c, cmd)
	flags := cmd.Flags()
	flags.BoolVar(&o.submit, "submit", false, "hand the calls to a server instead, which hears them behind live ones")
	flags.StringVar(&o.out, "out", "", "the result: `file` that ends with .jsonl, .csv or .parquet")
	flags.StringVar(&o.manifest, "manifest", "", "`file` that lists the recordings: CSV, .xlsx or .jsonl")
	o.tables.Options.Flags(cmd)
	flags.IntVar(&o.jobs, "jobs", 0, "how many sets of calls are in work at once; 0 for one more than windows are heard at "+
		"once, with --submit 4")
	flags.BoolVar(&o.force, "force", false, "hear all calls again")
	flags.BoolVar(&o.fullNumbers, "full-numbers", false, "write numbers in full")
	cmd.MarkFlagsMutuallyExclusive("manifest", "template", "preset", "name-regex")
	return cmd
}

// source is where the calls come from, by the arguments and flags.
func (o *options) source(args []string) (source, error) {
	if o.jobs < 0 {
		return nil, usage.Errorf("--jobs must be 0 or more")
	}
	switch {
	case o.manifest != "" && len(args) > 0:
		return nil, usage.Errorf("--manifest names the files itself; leave %q out", args[0])
	case o.manifest != "":
		return newListed(o.manifest, o.names, &o.tables)
	case len(args) == 0:
		return nil, usage.Errorf("name a folder, an archive or files, or a --manifest")
	}
	return newWalked(args, o.names)
}
