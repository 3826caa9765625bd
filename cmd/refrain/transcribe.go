package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/keywords"
)

const transcribeHelp = `Transcribe the customer's side of recordings and judge it, on this machine and
without a server. Nothing is kept or sent anywhere.

Without --customer-channel the customer is taken to be on the right channel of a
stereo file, and alone in a mono file. Model, lexicon and threshold are those of a
server that is started here, unless --model says otherwise. The demo model, which is
used where none is chosen, is for trying and testing: it does not understand real calls.

JSON, one line a file: {"file","duration","track","segments":[{"start","end","text",
"confidence"}],"hits":[{"class","text","start","end","match","score","veto"}],
"suspect","score","model","demo_model","truncated"}. Times are seconds; veto is null
for a hit that counts, else {"reason","text"}; truncated tells that the file ends
before its header says.

Exit codes: 0 done, 1 failed or a file could not be used, 2 wrong use.`

const transcribeExample = `  refrain transcribe call.wav
  refrain transcribe --customer-channel left --format json calls/*.wav
  refrain transcribe --model large-v3-turbo-q5_0 --answer-offset 4.5 call.wav`

// transcribeOptions are transcribe's flags.
type transcribeOptions struct {
	open                   openEngine
	format                 format
	channel, model, offset string
	states, threads        int
}

func newTranscribe(c *console, open openEngine) *cobra.Command {
	o := &transcribeOptions{open: open}
	cmd := &cobra.Command{
		Use: "transcribe FILE...", Short: "Transcribe and judge recordings", Long: transcribeHelp, Example: transcribeExample,
		Args: some("FILE"),
	}
	format := formatFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.channel, "customer-channel", "", "where the customer is heard: `left|right|mono`")
	flags.StringVar(&o.model, "model", "", "ggml Whisper model: a `file`, or a name that refrain model list shows")
	flags.StringVar(&o.offset, "answer-offset", "", "`seconds` into the file at which the call is answered; what was heard before is no refusal")
	flags.IntVar(&o.states, "states", 0, "how many windows to hear at once; 0 for one a processor")
	flags.IntVar(&o.threads, "threads", 0, "how many threads hear one window; 0 for the processors divided among the states")
	_ = cmd.RegisterFlagCompletionFunc("customer-channel", cobra.FixedCompletions([]string{"left", "right", "mono"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = c.work(func(cmd *cobra.Command, args []string) error {
		o.format = *format
		return transcribe(cmd.Context(), c, o, args)
	})
	return cmd
}

func transcribe(ctx context.Context, c *console, o *transcribeOptions, files []string) error {
	t := &transcribing{console: c, format: o.format, channel: audio.Channel(o.channel), files: len(files)}
	if err := t.configure(o); err != nil {
		return err
	}
	e, err := t.start(ctx, o)
	if err != nil {
		return err
	}
	defer e.close()
	t.bar = c.newProgress(sizeOf(files))
	defer t.bar.end()
	failed := 0
	for i, file := range files {
		t.bar.describe("%d/%d %s", i+1, len(files), file)
		line, err := t.hear(ctx, e, file)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		t.bar.hide()
		if err != nil {
			failed++
			c.complain("%s: %v", file, err)
			continue
		}
		if err := t.tell(line); err != nil {
			return err
		}
	}
	return failures(failed, len(files))
}

// transcribing is one run of transcribe.
type transcribing struct {
	*console
	format   format
	cfg      config.Config
	channel  audio.Channel
	answered float64
	judge    *keywords.Judge
	used     asr.Model
	bar      *progress
	files    int
	read     int64 // bytes of all files so far
}

// configure reads what needs no engine, so that mistakes come out before it starts.
func (t *transcribing) configure(o *transcribeOptions) error {
	if t.channel != "" && !t.channel.Valid() {
		return misuse("--customer-channel %q must be left, right or mono", o.channel)
	}
	if o.offset != "" {
		offset, err := parseOffset(o.offset)
		if err != nil {
			return misuse("--answer-offset %q %v", o.offset, err)
		}
		t.answered = offset.AsDuration().Seconds()
	}
	if o.states < 0 || o.threads < 0 {
		return misuse("--states and --threads must be 0 or more")
	}
	var err error
	if t.cfg, err = config.Load(""); err != nil {
		return err
	}
	t.judge, err = t.cfg.Judging.NewJudge()
	return err
}

// transcribedLine is what is told of one file.
type transcribedLine struct {
	File     string        `json:"file"`
	Duration float64       `json:"duration"`
	Track    string        `json:"track"`
	Segments []segmentLine `json:"segments"`
	Hits     []hitLine     `json:"hits"`
	Suspect  bool          `json:"suspect"`
	Score    float64       `json:"score"`

	Model     string `json:"model"`
	DemoModel bool   `json:"demo_model"`
	Truncated bool   `json:"truncated"`

	verdict keywords.Verdict
}

func newTranscribedLine(file string, info audio.Info, t asr.Transcript, v keywords.Verdict) transcribedLine {
	l := transcribedLine{
		File: file, Duration: seconds(info.Duration()), Track: string(t.Side), Segments: make([]segmentLine, len(t.Segments)),
		Hits: localHits(v.Hits, inTime), Suspect: v.Suspect, Score: share(v.Score), Truncated: info.Truncated, verdict: v,
	}
	for i, s := range t.Segments {
		l.Segments[i] = segmentLine{seconds(s.Start), seconds(s.End), s.Text, share(s.Confidence())}
	}
	return l
}

func (t *transcribing) tell(l transcribedLine) error {
	if t.format == formatJSON {
		return t.json(l)
	}
	return t.println(l.text()...)
}

// text is for people: the verdict, then what was said with the hits marked.
func (l transcribedLine) text() []string {
	verdict := "no suspect"
	if l.Suspect {
		verdict = "suspect"
	}
	lines := []string{fmt.Sprintf("%s: %s (%.2f)%s", l.File, verdict, l.Score, cutOff(l.Truncated, fromSeconds(l.Duration)))}
	for i, s := range l.Segments {
		var marks []mark
		var notes []string
		for n, h := range l.verdict.Hits {
			if h.Segment == i {
				marks = append(marks, mark{h.Start, h.End, h.Veto != nil})
				notes = append(notes, "           "+l.Hits[n].describe())
			}
		}
		lines = append(append(lines, fmt.Sprintf("%9s  %s", clock(fromSeconds(s.Start)), marked(s.Text, marks))), notes...)
	}
	if len(l.Segments) == 0 {
		lines = append(lines, "           (nothing was said)")
	}
	return lines
}
