package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/internal/cli/check"
	"github.com/refrain-asr/refrain/internal/cli/review"
	"github.com/refrain-asr/refrain/models"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// show goes the whole way and prints what happens.
func (d *demo) show(ctx context.Context) error {
	if err := d.Println(fmt.Sprintf("Refrain with the model %s hears %d sample calls, sent as a "+
		"recorder would send them.", cmp.Or(d.model, models.DefaultName), len(d.calls.items)),
		""); err != nil {
		return err
	}
	d.calls.begin(timestamppb.New(d.Now()))
	if err := d.sendAll(ctx); err != nil {
		return err
	}
	if err := d.compare(); err != nil {
		return err
	}
	refused, interested, err := d.choose()
	if err != nil {
		return err
	}
	if err := d.confirm(ctx, refused); err != nil {
		return err
	}
	return d.ask(ctx, refused, interested)
}

// compare prints what became of the calls; that some came out wrong is an error.
func (d *demo) compare() error {
	rows, wrong := d.rows()
	if err := d.printRows(rows); err != nil || wrong == 0 {
		return err
	}
	return fmt.Errorf("%d of %d calls were judged otherwise than %s says", wrong, len(rows),
		textsName)
}

// sendAll sends the calls and waits until all are judged.
func (d *demo) sendAll(ctx context.Context) error {
	names := make([]string, len(d.calls.items))
	for i, it := range d.calls.items {
		if it.Err != nil {
			return fmt.Errorf("%s: %w", it.File, it.Err)
		}
		resp, err := d.up.Upload(ctx, it)
		if err != nil {
			return fmt.Errorf("%s: %w", it.File, err)
		}
		names[i] = resp.GetRecording().GetName()
	}
	for i, name := range names {
		if err := d.result(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", d.calls.items[i].File, err)
		}
	}
	return nil
}

// result waits for what becomes of a recording.
func (d *demo) result(ctx context.Context, name string) error {
	if _, err := d.up.Watch(ctx, name); err != nil {
		return err
	}
	resp, err := d.up.Client.Recordings.GetRecording(ctx,
		&pb.GetRecordingRequest{Name: name, WithTranscript: true})
	if err != nil {
		return err
	}
	class := ""
	if suspect := resp.GetRecording().GetJudgement().GetSuspectName(); suspect != "" {
		resp, err := d.up.Client.Reviews.GetSuspect(ctx, &pb.GetSuspectRequest{Name: suspect})
		if err != nil {
			return err
		}
		class = resp.GetSuspect().GetClass()
	}
	d.recordings, d.classes = append(d.recordings, resp.GetRecording()), append(d.classes, class)
	return nil
}

// choose finds a customer who refused and one who talked and did not.
func (d *demo) choose() (refused, interested int, err error) {
	refused, interested = -1, -1
	for i, rec := range d.recordings {
		switch {
		case refused < 0 && rec.GetJudgement().GetSuspect():
			refused = i
		case interested < 0 && !rec.GetJudgement().GetSuspect() &&
			len(rec.GetTranscript().GetSegments()) > 0:
			interested = i
		}
	}
	if refused < 0 || interested < 0 {
		return 0, 0, errors.New("the sample calls need a customer who refuses and one who does not")
	}
	return refused, interested, nil
}

// confirm does as a reviewer would.
func (d *demo) confirm(ctx context.Context, i int) error {
	name := d.recordings[i].GetJudgement().GetSuspectName()
	resp, err := d.up.Client.Reviews.DecideSuspect(ctx, &pb.DecideSuspectRequest{
		Name: name, Verdict: pb.Decision_VERDICT_CONFIRMED, Note: "confirmed by refrain demo"})
	if err != nil {
		return fmt.Errorf("confirm %s: %w", name, err)
	}
	return d.Println("", fmt.Sprintf("A reviewer confirms %s (refrain review confirm %s):",
		d.recordings[i].GetCallId(), review.SuspectID(name)),
		"  "+review.DecisionText(resp.GetSuspect()))
}

// ask does as a dialler would, about the number that was just frozen and another.
func (d *demo) ask(ctx context.Context, refused, interested int) error {
	if err := d.Println("",
		"The dialler asks before it calls (refrain check NUMBER):"); err != nil {
		return err
	}
	for _, q := range []struct {
		call    int
		allowed bool
	}{{refused, false}, {interested, true}} {
		number := d.calls.items[q.call].Meta.GetNumber()
		resp, err := d.up.Client.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: number})
		if err != nil {
			return fmt.Errorf("ask about %s: %w", number, err)
		}
		if err := d.Println(fmt.Sprintf("  %s (%s)", check.AnswerText(resp.GetAnswer()),
			d.recordings[q.call].GetCallId())); err != nil {
			return err
		}
		if resp.GetAnswer().GetAllowed() != q.allowed {
			return fmt.Errorf("the gate's answer about %s is wrong", number)
		}
	}
	return nil
}
