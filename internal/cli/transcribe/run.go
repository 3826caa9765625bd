package transcribe

import (
	"context"
	"sync/atomic"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
)

func run(ctx context.Context, c *console.Console, o *options, paths []string) error {
	t := &transcriber{Console: c, format: o.format, channel: audio.Channel(o.channel)}
	if err := t.configure(o); err != nil {
		return err
	}
	e, err := t.start(ctx, o)
	if err != nil {
		return err
	}
	defer e.close()
	t.bar = c.ByteProgress(files.TotalSize(paths))
	defer t.bar.End()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := 0
	for i, next := range t.begin(ctx, e, paths) {
		t.bar.Describe("%d/%d %s", i+1, len(paths), paths[i])
		var got outcome
		select {
		case got = <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
		t.bar.Hide()
		if got.err != nil {
			failed++
			c.Errorf("%s: %v", paths[i], got.err)
			continue
		}
		if err := t.print(got.line); err != nil {
			return err
		}
	}
	return console.Failures(failed, len(paths))
}

// transcriber is one run of transcribe.
type transcriber struct {
	*console.Console
	format   output.Format
	cfg      config.Config
	files    audio.Files
	channel  audio.Channel
	answered float64
	// agentTrack is how much of the agent's side is heard.
	agentTrack keywords.AgentTrack
	judge      *keywords.Judge
	second     asr.Second // the judge, or nil where nothing is heard twice
	used       asr.Model
	bar        *console.Progress
	read       atomic.Int64 // bytes of all files so far
}

// configure reads what needs no engine, so that mistakes come out before it starts.
func (t *transcriber) configure(o *options) error {
	if t.channel != "" && !t.channel.Valid() {
		return usage.Errorf("--customer-channel %q must be left, right or mono", o.channel)
	}
	if o.offset != "" {
		offset, err := usage.Offset(o.offset)
		if err != nil {
			return usage.Errorf("--answer-offset %q %v", o.offset, err)
		}
		t.answered = offset.AsDuration().Seconds()
	}
	if o.states < 0 || o.threads < 0 {
		return usage.Errorf("--states and --threads must be 0 or more")
	}
	var err error
	if t.cfg, err = config.Load(""); err != nil {
		return err
	}
	if t.agentTrack = t.cfg.Speech.AgentTrack; o.agentTrack != "" {
		t.agentTrack = keywords.AgentTrack(o.agentTrack)
		if err := t.agentTrack.Check(); err != nil {
			return usage.Errorf("--agent-track %v", err)
		}
	}
	if t.files, err = t.cfg.Audio.Files(""); err != nil {
		return err
	}
	if t.judge, err = t.cfg.Judging.NewJudge(); err != nil {
		return err
	}
	if t.cfg.Speech.SecondLook {
		t.second = t.judge
	}
	return nil
}
