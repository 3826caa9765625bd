package transcribe

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/hearing"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const help = `Transcribe the customer's side of recordings and judge it, on this machine and
without a server of ours. Nothing is kept, and nothing sent anywhere, unless the
configuration names a speech server (speech.engine: http), which then hears.

The agent's side is transcribed, too, around what may be a refusal (--agent-track
short), all of it (on), or not at all (off), and shown as a dialogue with the
customer's. What the agent says is never a refusal.

WAV is read, and where ffmpeg is installed MP3, M4A, Opus, AMR and other formats; sound
without a header by its name's ending, such as .ulaw, .alaw, .sln or .vox.

Without --customer-channel the customer is taken to be on the right channel of a
stereo file, and alone in a mono file. Model, lexicon and threshold are those of a
server that is started here, unless --model says otherwise.

JSON, one line a file: {"file","duration","track","segments":[{"start","end","text",
"confidence","agent_likeness"}],"hits":[{"class","text","start","end","match",
"score","veto","agent_likeness"}],"suspect","score","answered_by","model",
"demo_model","truncated","defects","agent_transcript":{"segments","heard"}}. Times are
seconds; veto is null for a hit that counts, else
{"reason","text"}; agent_likeness is how much (0..1) of what was heard is the agent,
given back by the customer's loudspeaker, and left out where the file has one channel;
truncated tells that the file ends before its header says. agent_transcript is null
where the agent was not heard; its heard lists the stretches {"start","end"} that were,
and is left out where all of the track was.

answered_by is human, announcement, voicemail, assistant, music (next to no speech) or
nobody, and null where that can't be told. What announcements, voicemail and assistants
say is no refusal.

defects tells what is wrong with the recording: customer_dead, customer_faint and
customer_noise (the customer could not be heard, so that "suspect":false does not mean
that nobody refused), sides_swapped, header_unfinished, truncated.

Exit codes: 0 done, 1 failed or a file could not be used, 2 wrong use.`

const example = `  refrain transcribe call.wav
  refrain transcribe --customer-channel left --format json calls/*.wav
  refrain transcribe --model large-v3-turbo-q5_0 --answer-offset 4.5 call.wav`

// options are transcribe's flags.
type options struct {
	engine  hearing.NewEngine
	format  output.Format
	hearing *hearing.Flags
}

// New makes refrain transcribe, which hears with an engine of that kind.
func New(c *console.Console, engine hearing.NewEngine) *cobra.Command {
	o := &options{engine: engine}
	cmd := &cobra.Command{
		Use: "transcribe FILE...", Short: "Transcribe and judge recordings", Long: help,
		Example: example,
		Args:    usage.SomeArgs("FILE"),
	}
	format := output.FormatFlag(cmd)
	o.hearing = hearing.AddFlags(cmd)
	cmd.RunE = c.Action(func(cmd *cobra.Command, args []string) error {
		o.format = *format
		return run(cmd.Context(), c, o, args)
	})
	return cmd
}
