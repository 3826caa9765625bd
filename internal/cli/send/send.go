package send

import (
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/naming"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/upload"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Send recordings to a server, which transcribes and judges them.

One FILE takes its particulars from flags. Many take them from a manifest or from
their names; flags then fill in what is said nowhere else.

A manifest is CSV, a workbook (.xlsx) or *.jsonl. Its first line names the columns, in any
order: file, call_id and number, and if you like part, agent, source, line, priority,
customer_channel, answer_offset (seconds) and started_at. Files are relative to the
manifest. What other names, encodings, separators and times are known is the same as for
'refrain call import'.

` + naming.Help + `

Of a call that lies in two files, one a side, the customer's is sent.

The server reads WAV, and where it has ffmpeg MP3, M4A, Opus, AMR and other formats. Sound
without a header (.ulaw, .alaw, .sln, .gsm, .g722, .vox) is sent with the one that its
name's ending tells of.

Live recordings are heard before those sent with --priority backlog, such as those of
last month; within a priority, sources take turns.

Sending the same again does no harm: the same bytes for the same call and part are
the same recording. So when something breaks off, run the command again. It waits a
few seconds by itself for a server that restarts.

A file that its recorder is still writing is refused; one that was sent too early all
the same is replaced by the whole one, sent again for the same call and part. Where that
doesn't begin with the very same sound, such as in another format, say --replace WHY.

Exit codes: 0 all sent, 1 some failed, 2 wrong use.`

const example = `  refrain send call.wav --number 13800138000 --agent a17 --call-id 4711
  refrain send caller.wav --number 13800138000 --call-id 4711 --part r --customer-channel mono
  refrain send --manifest today.csv --format json
  refrain send --manifest last-month.csv --priority backlog
  refrain send --template '{call_id}_{number}_{agent}.wav' /var/spool/calls/*.wav
  refrain send --template '{ignore}-{number}-{agent}-{ignore:[0-9]{8}-[0-9]{6}}-{call_id:[0-9.]+}.wav' *.wav
  refrain send --preset asterisk-mixmonitor /var/spool/asterisk/monitor/2026/11/27/out-*.wav
  refrain send --template '{call_id}_{number}_{agent}.wav' --move-sent sent --move-refused refused *.wav
  refrain send call.wav --number 13800138000 --call-id 4711 --wait
  refrain send whole.mp3 --number 13800138000 --call-id 4711 --replace "the first was cut"`

// options are send's flags.
type options struct {
	client   *client.Flags
	format   *output.Format
	manifest string
	names    *naming.Flags
	wait     bool
	moves    moves
	offset   string
	start    string
	channel  string
	priority string
	meta     pb.RecordingMetadata
	tables   upload.Manifests
}

// New makes refrain send.
func New(c *console.Console) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use: "send FILE --number N --call-id ID | --manifest FILE | --template T FILE... | " +
			"--preset SYSTEM FILE...",
		Short: "Send recordings to a server",
		Long:  help, Example: example, Args: cobra.ArbitraryArgs,
		RunE: c.Action(func(cmd *cobra.Command, args []string) error {
			items, err := o.items(c, args)
			if err != nil {
				return err
			}
			for _, note := range o.tables.Notes {
				c.Errorf("%s", note)
			}
			return run(cmd.Context(), c, o, items)
		}),
	}
	o.client, o.format = client.AddFlags(c, cmd), output.FormatFlag(cmd)
	o.addFlags(cmd)
	return cmd
}

func (o *options) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.manifest, "manifest", "", "`file` that lists the recordings: CSV, .xlsx or .jsonl")
	o.tables.Options.Flags(cmd)
	o.names = naming.AddFlags(cmd, &o.tables.Times)
	flags.StringVar(&o.meta.CallId, "call-id", "", "the call's `id` in the recorder's world")
	flags.StringVar(&o.meta.Part, "part", "", "which `part` of the call's audio this is, where "+
		"it has several")
	flags.StringVar(&o.meta.Number, "number", "", "the customer's `number`")
	flags.StringVar(&o.meta.Agent, "agent", "", "`who` called")
	flags.StringVar(&o.meta.Source, "source", "", "which recorder this comes from; the server "+
		"knows its defaults")
	flags.StringVar(&o.channel, "customer-channel", "", "where the customer is heard: "+
		"`left|right|mono`; else the server's default")
	flags.StringVar(&o.offset, "answer-offset", "", "`seconds` into the file at which the call "+
		"is answered; what was heard before is no refusal")
	flags.StringVar(&o.start, "start", "", "when the call started, a `time`")
	flags.StringVar(&o.meta.Line, "line", "", "the trunk or business `line` that the call went on; "+
		"else the call's report says it")
	flags.StringVar(&o.priority, "priority", "", "whose turn comes first: `live|backlog|rejudge`; "+
		"live where nothing is said")
	flags.BoolVar(&o.meta.UnfinishedOk, "unfinished-ok", false, "take a file whose header was "+
		"never finished, because its recorder died: else it is refused as still being written")
	flags.BoolVar(&o.meta.Virtual, "virtual", false, "the number stands for whoever uses it just "+
		"now, as a privacy number does: nobody is frozen by it")
	flags.StringVar(&o.meta.ReplaceReason, "replace", "", "the file is right where another is there "+
		"for its call and part, and `why`: that one is set aside, with all that was heard and decided")
	flags.StringVar(&o.moves.sent, "move-sent", "", "move files into this `folder` once they are on the "+
		"server's disk")
	flags.StringVar(&o.moves.refused, "move-refused", "", "move files into this `folder` that the server "+
		"will never take, each with NAME.why.txt beside it; those that may be sent later stay")
	flags.BoolVar(&o.wait, "wait", false, "wait until the recordings are transcribed and judged")
	cmd.MarkFlagsMutuallyExclusive("manifest", "template", "preset", "name-regex")
	_ = cmd.RegisterFlagCompletionFunc("customer-channel",
		cobra.FixedCompletions([]string{"left", "right", "mono"},
			cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("priority",
		cobra.FixedCompletions([]string{"live", "backlog", "rejudge"},
			cobra.ShellCompDirectiveNoFileComp))
}

// items are the recordings that the arguments and flags name.
func (o *options) items(c *console.Console, args []string) ([]upload.Recording, error) {
	if err := o.readFlags(); err != nil {
		return nil, err
	}
	several := o.manifest != "" || o.names.Given()
	switch {
	case several && (o.meta.GetCallId() != "" || o.meta.GetNumber() != ""):
		return nil, usage.Errorf("--call-id and --number are for a single file; a manifest or " +
			"names have their own")
	case o.manifest != "" && len(args) > 0:
		return nil, usage.Errorf("--manifest names the files itself; leave %q out", args[0])
	case o.manifest != "":
		return o.readManifest()
	case len(args) == 0:
		return nil, usage.Errorf("name the file to send, or a --manifest")
	case o.names.Given():
		return o.fromNames(c, args)
	case len(args) > 1:
		return nil, usage.Errorf("flags describe one file, and here are %d: use --manifest, "+
			"--template or --preset", len(args))
	case o.meta.GetCallId() == "" || o.meta.GetNumber() == "":
		return nil, usage.Errorf("say whose call it is: --number and --call-id are needed")
	}
	return []upload.Recording{o.item(args[0])}, nil
}

func (o *options) readFlags() error {
	for _, f := range []struct{ flag, field, value string }{
		{"customer-channel", "customer_channel", o.channel},
		{"answer-offset", "answer_offset", o.offset},
		{"priority", "priority", o.priority},
	} {
		if err := upload.SetField(&o.meta, f.field, f.value); err != nil {
			return usage.Errorf("--%s %q %v", f.flag, f.value, err)
		}
	}
	return o.readStart()
}

func (o *options) readStart() (err error) {
	if err := o.tables.Times.Open(); err != nil {
		return usage.Errorf("%v", err)
	}
	if o.start == "" {
		return nil
	}
	if o.meta.StartTime, err = o.tables.Times.Timestamp(o.start); err != nil {
		return usage.Errorf("--start %q %v", o.start, err)
	}
	return nil
}

func (o *options) readManifest() ([]upload.Recording, error) {
	return o.tables.Read(o.manifest, &o.meta)
}

func (o *options) item(file string) upload.Recording {
	return upload.Recording{File: file, Path: file, Meta: proto.CloneOf(&o.meta)}
}
