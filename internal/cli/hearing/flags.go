package hearing

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/keywords"
)

// Flags are what a user may say of how to hear.
type Flags struct {
	channel, model, offset, agentTrack string
	states, threads                    int
}

// AddFlags adds them to a command.
func AddFlags(cmd *cobra.Command) *Flags {
	f, flags := &Flags{}, cmd.Flags()
	flags.StringVar(&f.channel, "customer-channel", "", "where the customer is heard: "+
		"`left|right|mono`")
	flags.StringVar(&f.model, "model", "", "ggml Whisper model: a `file`, or a name that refrain "+
		"model list shows")
	flags.StringVar(&f.offset, "answer-offset", "", "`seconds` into the file at which the call "+
		"is answered; what was heard before is no refusal")
	flags.StringVar(&f.agentTrack, "agent-track", "", "how much of the agent's side to hear: "+
		"`off|short|on`; short is around what may be a refusal; what the configuration says unless given")
	flags.IntVar(&f.states, "states", 0, "how many windows to hear at once; 0 for one a processor")
	flags.IntVar(&f.threads, "threads", 0, "how many threads hear one window; 0 for the "+
		"processors divided among the states")
	_ = cmd.RegisterFlagCompletionFunc("customer-channel",
		cobra.FixedCompletions([]string{"left", "right", "mono"},
			cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("agent-track",
		cobra.FixedCompletions([]string{"off", "short", "on"}, cobra.ShellCompDirectiveNoFileComp))
	return f
}

func (f *Flags) check() error {
	if f.channel != "" && !audio.Channel(f.channel).Valid() {
		return usage.Errorf("--customer-channel %q must be left, right or mono", f.channel)
	}
	if f.states < 0 || f.threads < 0 {
		return usage.Errorf("--states and --threads must be 0 or more")
	}
	return nil
}

// answered is the answer's place in every recording, as precisely as a line tells it.
func (f *Flags) answered() (time.Duration, error) {
	if f.offset == "" {
		return 0, nil
	}
	offset, err := usage.Offset(f.offset)
	if err != nil {
		return 0, usage.Errorf("--answer-offset %q %v", f.offset, err)
	}
	return output.Duration(offset.AsDuration().Seconds()), nil
}

func (f *Flags) track(configured keywords.AgentTrack) (keywords.AgentTrack, error) {
	if f.agentTrack == "" {
		return configured, nil
	}
	track := keywords.AgentTrack(f.agentTrack)
	if err := track.Check(); err != nil {
		return "", usage.Errorf("--agent-track %v", err)
	}
	return track, nil
}
