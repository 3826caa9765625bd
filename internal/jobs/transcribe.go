package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/whisper"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

// Store is where a recording's progress is kept.
type Store interface {
	// Get reads a recording; fault.NotFound where there is none.
	Get(ctx context.Context, id recording.ID) (recording.Recording, error)
	// BeginAttempt marks the recording running and counts the attempt.
	BeginAttempt(ctx context.Context, id recording.ID) (recording.Recording, error)
	// FailAttempt notes why the attempt failed; see recording.Recording.Failed.
	FailAttempt(ctx context.Context, id recording.ID, p recording.Problem, final bool) (recording.Recording, error)
	// HandBack undoes BeginAttempt: the attempt was broken off and does not count.
	HandBack(ctx context.Context, id recording.ID) error
}

// Result is what became of a recording.
type Result struct {
	RecordingID recording.ID
	Transcript  asr.Transcript
	Verdict     keywords.Verdict
	// Suspect is nil where the verdict makes none.
	Suspect *review.Suspect
}

// Finish stores a result and marks the recording done in one transaction, in which
// it calls complete last. Storing the same result twice changes nothing.
type Finish func(ctx context.Context, r Result, complete func(context.Context, *sql.Tx) error) error

// Hear transcribes the customer's track of a recording.
type Hear func(ctx context.Context, r recording.Recording) (asr.Transcript, error)

// Judge reads the transcript of a recording, and makes a suspect where the customer refused.
type Judge func(r recording.Recording, t asr.Transcript) (keywords.Verdict, *review.Suspect)

// TranscribeArgs names the recording to transcribe.
type TranscribeArgs struct {
	RecordingID recording.ID `json:"recording_id"`
	// Audio is the recording's length, from which the time limit is made.
	Audio time.Duration `json:"audio"`
}

// Kind implements river.JobArgs.
func (TranscribeArgs) Kind() string { return "transcribe" }

// InsertOpts implements river.JobArgsWithInsertOpts. How often a recording is tried
// is decided by the recording's own rules; River's limit lies far above them.
func (TranscribeArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 1000} }

// transcriber works off TranscribeArgs.
type transcriber struct {
	river.WorkerDefaults[TranscribeArgs]
	store    Store
	finish   Finish
	hear     Hear
	judge    Judge
	complete func(context.Context, *sql.Tx, *river.Job[TranscribeArgs]) error
	log      *slog.Logger
}

// Timeout leaves time for a model ten times slower than the call, and to start it.
func (w *transcriber) Timeout(job *river.Job[TranscribeArgs]) time.Duration {
	return 5*time.Minute + 10*job.Args.Audio
}

// NextRetry waits 1, 4, 9, 16 s: long enough for a speech process to come back,
// short enough for a reviewer to wait.
func (w *transcriber) NextRetry(job *river.Job[TranscribeArgs]) time.Time {
	n := min(time.Duration(len(job.Errors)+1), 60)
	return time.Now().Add(n * n * time.Second)
}

// Work carries one recording to its verdict. A job may run twice, after a crash: a
// recording that is done or parked is then left as it is.
func (w *transcriber) Work(ctx context.Context, job *river.Job[TranscribeArgs]) error {
	r, err := w.store.Get(ctx, job.Args.RecordingID)
	if fault.KindOf(err) == fault.NotFound {
		return river.JobCancel(err)
	}
	if err != nil {
		return err
	}
	if r.State.Final() {
		return nil
	}
	if r, err = w.store.BeginAttempt(ctx, r.ID); err != nil {
		return err
	}
	if err := w.attempt(ctx, r, job); err != nil {
		return w.failed(ctx, r, err)
	}
	return nil
}

// attempt is one try. A panic in it is an error like any other: a recording that
// meets a bug must be parked in the end, not tried for ever.
func (w *transcriber) attempt(ctx context.Context, r recording.Recording, job *river.Job[TranscribeArgs]) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.ErrorContext(ctx, "panic while transcribing", "recording", r.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("a bug in refrain: %v; the server's log says where", p)
		}
	}()
	if r.Alone() {
		ctx = whisper.Alone(ctx)
	}
	t, err := w.hear(ctx, r)
	if err != nil {
		return err
	}
	result := Result{RecordingID: r.ID, Transcript: t}
	result.Verdict, result.Suspect = w.judge(r, t)
	err = w.finish(ctx, result, func(ctx context.Context, tx *sql.Tx) error { return w.complete(ctx, tx, job) })
	if err == nil {
		w.log.InfoContext(ctx, "recording judged", "recording", r.ID, "suspect", result.Verdict.Suspect, "score", result.Verdict.Score,
			"windows", t.Windows, "lexicon", result.Verdict.Lexicon)
	}
	return err
}

// failed notes the failure and tells River what to do with the job. It works on
// after ctx has ended: that may be why the attempt failed.
func (w *transcriber) failed(ctx context.Context, r recording.Recording, cause error) error {
	save, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if errors.Is(ctx.Err(), context.Canceled) { // the server is stopping; it is no fault of the recording
		if err := w.store.HandBack(save, r.ID); err != nil {
			return err
		}
		return ctx.Err()
	}
	problem, final := problemOf(ctx, cause)
	r, err := w.store.FailAttempt(save, r.ID, problem, final)
	if err != nil {
		return errors.Join(cause, err)
	}
	if r.State == recording.Parked {
		w.log.ErrorContext(ctx, "recording parked", "recording", r.ID, "reason", problem.Reason, "error", cause)
		return river.JobCancel(cause)
	}
	return cause
}

// problemOf names a failure for people, and tells whether trying again is futile.
func problemOf(ctx context.Context, err error) (p recording.Problem, final bool) {
	p = recording.Problem{Reason: recording.AttemptFailed, Message: err.Error()}
	died, _ := errors.AsType[*whisper.ChildDiedError](err)
	model, _ := errors.AsType[*whisper.ModelError](err)
	unreadable, _ := errors.AsType[*audio.Error](err)
	switch {
	case died != nil:
		p.Reason = recording.SpeechDied
	case model != nil: // the same again would fail the same; the next start of the server takes it up
		p.Reason, final = recording.SpeechFailed, true
	case unreadable != nil, errors.Is(err, fs.ErrNotExist):
		p.Reason, final = recording.AudioUnreadable, true
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		p.Reason = recording.TookTooLong
		p.Message = fmt.Sprintf("the attempt ran into its time limit: %v; a smaller model or more cores would help", err)
	}
	return p, final
}
