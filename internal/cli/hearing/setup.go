package hearing

import (
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
)

// Setup is how recordings are to be heard and judged, as the configuration and a command's flags
// say.
type Setup struct {
	console *console.Console
	flags   *Flags
	cfg     config.Config
	// Files reads recordings.
	Files audio.Files
	// Channel is where the customer is heard, "" where that is told by how many channels there are.
	Channel audio.Channel
	// Answered is where in a recording the call is answered.
	Answered time.Duration
	// AgentTrack is how much of the agent's side is heard.
	AgentTrack keywords.AgentTrack
	// Judge judges, and says what is heard a second time where Second isn't nil.
	Judge  *keywords.Judge
	Second asr.Second
}

// Region is where numbers without a country code are dialled.
func (s *Setup) Region() string { return s.cfg.Intake.Region }

// Configure reads what needs no engine, so that mistakes come out before it starts.
func Configure(c *console.Console, f *Flags) (*Setup, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	s := &Setup{console: c, flags: f, Channel: audio.Channel(f.channel)}
	var err error
	if s.Answered, err = f.answered(); err != nil {
		return nil, err
	}
	if s.cfg, err = config.Load(""); err != nil {
		return nil, err
	}
	if s.AgentTrack, err = f.track(s.cfg.Speech.AgentTrack); err != nil {
		return nil, err
	}
	if s.Files, err = s.cfg.Audio.Files(""); err != nil {
		return nil, err
	}
	if s.Judge, err = s.cfg.Judging.NewJudge(); err != nil {
		return nil, err
	}
	if s.cfg.Speech.SecondLook {
		s.Second = s.Judge
	}
	return s, nil
}
