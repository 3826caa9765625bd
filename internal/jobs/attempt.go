package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Recordings keeps how far recordings have come. Each method reads and writes one
// recording under one lock, in a transaction that also enqueues what it queues, and
// gives NotFound where there is no such recording.
type Recordings interface {
	// BeginNext marks that recording running whose turn it is, of those that the lane takes;
	// see recording.Recording.Begun. Of several that ask at once, each gets another one.
	// NotFound where nothing is due.
	BeginNext(ctx context.Context, l recording.Lane) (recording.Recording, error)
	// EndPause makes a recording due that pauses after a failure, unless it was tried since
	// there were so many attempts. It is no error where there is no such recording.
	EndPause(ctx context.Context, id recording.ID, attempt int) error
	// FailAttempt notes why the attempt failed; see recording.Recording.Failed.
	FailAttempt(
		ctx context.Context, id recording.ID, p recording.Problem, final bool,
	) (recording.Recording, error)
	// HandBack undoes BeginAttempt: the attempt was broken off and does not count.
	HandBack(ctx context.Context, id recording.ID) error
}

// Results keeps what became of recordings.
type Results interface {
	// Finish stores what was heard in a recording, the verdict on it, the suspect that it
	// makes, nil for none, and what is wrong with its sound, and marks the recording done,
	// in one transaction. To store the same again changes nothing.
	Finish(
		ctx context.Context, id recording.ID, heard []asr.Transcript, v keywords.Verdict,
		s *review.Suspect, defects recording.Defects,
	) error
}

// Audio is where recordings' audio lies.
type Audio interface {
	// Open opens a recording's audio for reading, which ends with ctx. The error wraps
	// fs.ErrNotExist where there is none; recording.StoreAway tells of it where nobody knows.
	Open(ctx context.Context, id recording.ID) (io.ReadCloser, error)
}

// Judge reads the transcript of a recording's customer, knowing the agent's as far as there is
// one, and makes a suspect where the customer refused.
type Judge func(
	r recording.Recording, customer, agent asr.Transcript,
) (keywords.Verdict, *review.Suspect)

// worker makes attempts at recordings.
type worker struct {
	river.WorkerDefaults[wakeUp]
	recordings Recordings
	results    Results
	audio      Audio
	files      audio.Files
	engine     asr.Engine
	mixer      *asr.Mixer
	lanes      *lanes
	second     func() asr.Second
	agentTrack keywords.AgentTrack
	judge      Judge
	judged     func(recording.Recording, keywords.Answerer)
	heard      func(audio, took time.Duration)
	now        func() time.Time
	after      func(time.Duration) <-chan time.Time // for the pauses while something is away
	stopping   chan struct{}                        // closed once no more attempts are to be made
	hints      chan struct{}                        // that something may be due
	grace      time.Duration
	underWay   atomic.Int64 // attempts
	log        *slog.Logger
}

func newWorker(c Config) *worker {
	return &worker{recordings: c.Recordings, results: c.Results, audio: c.Audio, files: c.Files,
		engine: c.Engine, mixer: c.Mixer, lanes: newLanes(c.Workers, c.Short),
		second: c.Second, agentTrack: c.AgentTrack, judge: c.Judge, judged: c.Judged, heard: c.Heard, now: c.Now, after: time.After,
		stopping: make(chan struct{}), hints: make(chan struct{}, 1), grace: c.Grace, log: c.Logger}
}

// limit leaves time for a model ten times slower than the call, and to start it.
func limit(r recording.Recording) time.Duration { return 5*time.Minute + 10*r.Audio.Duration() }

// attempt is one try at a recording that was begun, and writes down what became of it.
// When ctx ends, the server is stopping.
func (w *worker) attempt(ctx context.Context, r recording.Recording) {
	w.underWay.Add(1)
	defer w.underWay.Add(-1)
	limited, cancel := context.WithTimeout(ctx, limit(r))
	defer cancel()
	cause := w.try(limited, r)
	switch {
	case cause == nil:
	case ctx.Err() != nil: // the stop broke it off; it is no fault of the recording
		w.keep(ctx, r, func(ctx context.Context) error { return w.recordings.HandBack(ctx, r.ID) })
	default:
		p, final := problemOf(cause, limited.Err())
		w.keep(ctx, r, func(ctx context.Context) error { return w.failed(ctx, r, p, final) })
		if p.Away() {
			w.rest()
		}
	}
}

// restFor is how long a worker makes no attempt after one that found no speech engine, or no audio:
// else all that is queued would be tried for nothing, again and again.
const restFor = 15 * time.Second

// rest passes that time, or what is left until the server stops.
func (w *worker) rest() {
	select {
	case <-w.after(restFor):
	case <-w.stopping:
	}
}

// try carries the recording to its verdict. A panic in it is an error like any other: a
// recording that meets a bug must be parked in the end, not tried for ever.
func (w *worker) try(ctx context.Context, r recording.Recording) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.ErrorContext(ctx, "panic while transcribing", "recording", r.ID, "panic", p,
				"stack", string(debug.Stack()))
			err = fmt.Errorf("a bug in refrain: %v; the server's log says where", p)
		}
	}()
	began := w.now()
	t, err := w.hear(ctx, r, asr.Track{Side: asr.Customer, Channel: r.CustomerChannel})
	if err != nil {
		return err
	}
	if w.heard != nil {
		w.heard(t.Duration, w.now().Sub(began))
	}
	heard := []asr.Transcript{t}
	v, suspect := w.judge(r, t, asr.Transcript{})
	if agent, ok := w.hearAgent(ctx, r, t, v); ok {
		heard = append(heard, agent)
		v, suspect = w.judge(r, t, agent)
	}
	defects := recording.HeardDefects(t, r.AnswerOffset)
	if err := w.results.Finish(ctx, r.ID, heard, v, suspect, defects); err != nil {
		return err
	}
	r = r.Finished(defects)
	w.log.InfoContext(ctx, "recording judged", "recording", r.ID, "suspect", v.Suspect,
		"score", v.Score, "windows", t.Windows, "lexicon", v.Lexicon, "answered_by", v.AnsweredBy, "defects", r.Defects())
	w.judged(r, v.AnsweredBy)
	return nil
}

// hearAgent makes the agent's transcript, as far as it is asked for and the recording has such a
// track. Where that fails, the verdict must not wait for what only goes with it.
func (w *worker) hearAgent(
	ctx context.Context, r recording.Recording, customer asr.Transcript, v keywords.Verdict,
) (t asr.Transcript, heard bool) {
	only, wanted := w.agentTrack.Listen(customer, v)
	if !wanted || r.CustomerChannel == audio.Mono {
		return t, false
	}
	t, err := w.hear(ctx, r,
		asr.Track{Side: asr.Agent, Channel: r.CustomerChannel.Other(), Only: only})
	if err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "the agent's track could not be heard; the recording is judged without",
			"recording", r.ID, "error", err)
	}
	return t, err == nil
}

// hear makes the transcript of one of the recording's tracks.
func (w *worker) hear(
	ctx context.Context, r recording.Recording, t asr.Track,
) (asr.Transcript, error) {
	f, err := w.audio.Open(ctx, r.ID)
	if err != nil {
		return asr.Transcript{}, err
	}
	defer func() { _ = f.Close() }()
	t.Audio, t.Files, t.Answered = f, w.files, r.AnswerOffset
	cfg := asr.Config{Mixer: w.mixer, Priority: int(r.Priority), Alone: r.Alone(), Now: w.now}
	if w.second != nil {
		cfg.Second = w.second()
	}
	heard, stats, err := asr.Hear(ctx, w.engine, cfg, t)
	if err != nil {
		return asr.Transcript{}, err
	}
	w.log.DebugContext(ctx, "heard", "recording", r.ID, "side", t.Side,
		"audio", stats.Audio, "windows", stats.Windows,
		"took", stats.Total, "outside_model", stats.Outside())
	return heard, nil
}

// failed notes why the attempt failed.
func (w *worker) failed(
	ctx context.Context, r recording.Recording, p recording.Problem, final bool,
) error {
	r, err := w.recordings.FailAttempt(ctx, r.ID, p, final)
	switch {
	case err != nil:
		return err
	case r.State == recording.Parked:
		w.parked(ctx, r, p)
	default:
		w.log.WarnContext(ctx, "an attempt failed; the recording is tried again",
			"recording", r.ID, "reason", p.Reason, "error", p.Message, "in", r.Pause())
	}
	return nil
}

// parked logs that a recording was given up, always: nobody else tells of it.
func (w *worker) parked(ctx context.Context, r recording.Recording, p recording.Problem) {
	w.log.ErrorContext(ctx, "recording parked", "recording", r.ID, "call", r.CallID,
		"reason", p.Reason, "error", p.Message, "do", p.Remedy())
}

// keepFor bounds one try to write down what became of an attempt.
const keepFor = 10 * time.Second

// keep writes down what became of an attempt, also when the server is stopping. While
// the database fails it tries again: nobody else would before the next start, which
// takes back what is left.
func (w *worker) keep(
	ctx context.Context, r recording.Recording, write func(context.Context) error,
) {
	once := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepFor)
		defer cancel()
		return write(ctx)
	}
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := once()
		if err == nil || settled(err) {
			return
		}
		w.log.ErrorContext(ctx, "what became of an attempt could not be kept", "recording", r.ID,
			"error", err, "again_in", pause)
		select {
		case <-w.after(pause):
		case <-ctx.Done():
			return
		}
	}
}

// problemOf names a failure for people, and tells whether trying again is futile. over
// is why the attempt's time was over, nil where it was not.
func problemOf(err, over error) (p recording.Problem, final bool) {
	p = recording.Problem{Reason: recording.AttemptFailed, Message: err.Error()}
	unreadable, _ := errors.AsType[*audio.Error](err)
	switch {
	case errors.Is(err, asr.ErrUnavailable):
		p.Reason = recording.SpeechUnavailable
	case recording.StoreAway(err):
		p.Reason = recording.AudioUnavailable
	case errors.Is(err, asr.ErrDied):
		p.Reason = recording.SpeechDied
	case errors.Is(err, asr.ErrModel): // until the next start, which takes it up
		p.Reason, final = recording.SpeechFailed, true
	case unreadable != nil, errors.Is(err, fs.ErrNotExist):
		p.Reason, final = recording.AudioUnreadable, true
	case errors.Is(over, context.DeadlineExceeded):
		p.Reason = recording.TookTooLong
		p.Message = fmt.Sprintf(
			"the attempt ran into its time limit: %v; a smaller model or more cores would help",
			err)
	}
	return p, final
}
