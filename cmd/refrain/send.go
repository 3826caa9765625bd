package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const sendHelp = `Send recordings to a server, which transcribes and judges them.

One FILE takes its particulars from flags. Many take them from a manifest or from
their names; flags then fill in what is said nowhere else.

A manifest is CSV in UTF-8. Its first line names the columns, in any order: file,
call_id and number, and if you like part, agent, source, customer_channel,
answer_offset (seconds) and started_at (RFC 3339). Files are relative to the manifest.

A template says where in a file's name the particulars are: {call_id}, {number},
{part}, {agent}, {source}, and {ignore} for anything else. A field may be told what
it looks like, as a regular expression: {call_id:[0-9.]+}. A template with slashes
reads the names of folders, too.

Sending the same again does no harm: the same bytes for the same call and part are
the same recording. So when something breaks off, run the command again. It waits a
few seconds by itself for a server that restarts.

Exit codes: 0 all sent, 1 some failed, 2 wrong use.`

const sendExample = `  refrain send call.wav --number 13800138000 --agent a17 --call-id 4711
  refrain send caller.wav --number 13800138000 --call-id 4711 --part r --customer-channel mono
  refrain send --manifest today.csv --format json
  refrain send --template '{call_id}_{number}_{agent}.wav' /var/spool/calls/*.wav
  refrain send --template '{ignore}-{number}-{agent}-{ignore:[0-9]{8}-[0-9]{6}}-{call_id:[0-9.]+}.wav' *.wav
  refrain send call.wav --number 13800138000 --call-id 4711 --wait`

// sendOptions are send's flags.
type sendOptions struct {
	client   *clientFlags
	format   *format
	manifest string
	template string
	wait     bool
	offset   string
	start    string
	channel  string
	meta     pb.RecordingMetadata
}

func newSend(c *console) *cobra.Command {
	o := &sendOptions{}
	cmd := &cobra.Command{
		Use: "send FILE --number N --call-id ID | --manifest FILE | --template T FILE...", Short: "Send recordings to a server",
		Long: sendHelp, Example: sendExample, Args: cobra.ArbitraryArgs,
		RunE: c.work(func(cmd *cobra.Command, args []string) error {
			items, err := o.items(args)
			if err != nil {
				return err
			}
			return send(cmd.Context(), c, o, items)
		}),
	}
	o.client, o.format = addClientFlags(c, cmd), formatFlag(cmd)
	o.addFlags(cmd)
	return cmd
}

func (o *sendOptions) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.manifest, "manifest", "", "CSV `file` that lists the recordings")
	flags.StringVar(&o.template, "template", "", "how the files' names are built, such as '{call_id}_{number}.wav'")
	flags.StringVar(&o.meta.CallId, "call-id", "", "the call's `id` in the recorder's world")
	flags.StringVar(&o.meta.Part, "part", "", "which `part` of the call's audio this is, where it has several")
	flags.StringVar(&o.meta.Number, "number", "", "the customer's `number`")
	flags.StringVar(&o.meta.Agent, "agent", "", "`who` called")
	flags.StringVar(&o.meta.Source, "source", "", "which recorder this comes from; the server knows its defaults")
	flags.StringVar(&o.channel, "customer-channel", "", "where the customer is heard: `left|right|mono`; else the server's default")
	flags.StringVar(&o.offset, "answer-offset", "", "`seconds` into the file at which the call is answered; what was heard before is no refusal")
	flags.StringVar(&o.start, "start", "", "when the call started, as `RFC 3339` time")
	flags.BoolVar(&o.wait, "wait", false, "wait until the recordings are transcribed and judged")
	cmd.MarkFlagsMutuallyExclusive("manifest", "template")
	_ = cmd.RegisterFlagCompletionFunc("customer-channel", cobra.FixedCompletions([]string{"left", "right", "mono"}, cobra.ShellCompDirectiveNoFileComp))
}

// items are the recordings that the arguments and flags name.
func (o *sendOptions) items(args []string) ([]item, error) {
	if err := o.readFlags(); err != nil {
		return nil, err
	}
	several := o.manifest != "" || o.template != ""
	switch {
	case several && (o.meta.GetCallId() != "" || o.meta.GetNumber() != ""):
		return nil, misuse("--call-id and --number are for a single file; a manifest or template has its own")
	case o.manifest != "" && len(args) > 0:
		return nil, misuse("--manifest names the files itself; leave %q out", args[0])
	case o.manifest != "":
		return openManifest(o.manifest, &o.meta)
	case len(args) == 0:
		return nil, misuse("name the file to send, or a --manifest")
	case o.template != "":
		return o.fromNames(args)
	case len(args) > 1:
		return nil, misuse("flags describe one file, and here are %d: use --manifest or --template", len(args))
	case o.meta.GetCallId() == "" || o.meta.GetNumber() == "":
		return nil, misuse("say whose call it is: --number and --call-id are needed")
	}
	return []item{o.item(args[0])}, nil
}

func (o *sendOptions) readFlags() error {
	for _, f := range []struct{ flag, field, value string }{
		{"customer-channel", "customer_channel", o.channel},
		{"answer-offset", "answer_offset", o.offset},
		{"start", "started_at", o.start},
	} {
		if err := setField(&o.meta, f.field, f.value); err != nil {
			return misuse("--%s %q %v", f.flag, f.value, err)
		}
	}
	return nil
}

func (o *sendOptions) fromNames(files []string) ([]item, error) {
	t, err := compileTemplate(o.template)
	if err != nil {
		return nil, err
	}
	items := make([]item, len(files))
	for i, file := range files {
		items[i] = t.item(file, o)
	}
	return items, nil
}

func (o *sendOptions) item(file string) item {
	return item{file: file, path: file, meta: proto.CloneOf(&o.meta)}
}

// sentLine is what is told of one file.
type sentLine struct {
	File      string  `json:"file"`
	CallID    string  `json:"call_id"`
	Part      string  `json:"part"`
	Recording *string `json:"recording"`
	State     *string `json:"state"`
	Duplicate bool    `json:"duplicate"`
	Error     *string `json:"error"`
	Truncated bool    `json:"truncated"`
}

func (l sentLine) text() string {
	text := fmt.Sprintf("%s: %s as %s", l.File, *l.State, *l.Recording)
	if l.Duplicate {
		text += " (it was there already)"
	}
	return text
}

// judgedLine is what is told of one file with --wait.
type judgedLine struct {
	sentLine
	Suspect *string  `json:"suspect"`
	Score   *float64 `json:"score"`
}

func newJudgedLine(l sentLine, j *pb.Judgement) judgedLine {
	if j == nil {
		return judgedLine{sentLine: l}
	}
	score := share(j.GetScore())
	return judgedLine{l, orNull(j.GetSuspectName()), &score}
}

func judgementText(j *pb.Judgement) string {
	if j == nil {
		return ""
	}
	if !j.GetSuspect() {
		return fmt.Sprintf("; no suspect (%.2f)", j.GetScore())
	}
	class := classOf(j.GetHits())
	return fmt.Sprintf("; %s (%.2f): %s %q", j.GetSuspectName(), j.GetScore(), class, strongest(j.GetHits(), class).GetText())
}
