package send

import (
	"context"
	"errors"
	"fmt"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/transcript"
	"github.com/refrain-asr/refrain/internal/cli/upload"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// sender is one run of send.
type sender struct {
	*console.Console
	options *options
	up      *upload.Uploader
	bar     *console.Progress
	total   int

	failed int
	done   int64 // bytes of the files before the current one
	// unreachable is why no more files are tried: the server can't be reached.
	unreachable error
}

// run sends the items, and reports each.
func run(ctx context.Context, c *console.Console, o *options, items []upload.Recording) error {
	cl, err := o.client.Dial()
	if err != nil {
		return err
	}
	defer cl.Close()
	s := &sender{Console: c, options: o, total: len(items), bar: c.ByteProgress(totalSize(items))}
	defer s.bar.End()
	s.up = upload.New(c, cl, func(n int64) { s.bar.Set(s.done + n) })
	var sent []*pb.UploadRecordingResponse
	for i, it := range items {
		resp, err := s.sendOne(ctx, i, it)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if moved := o.moves.after(it, err); moved != nil {
			s.bar.Hide()
			s.failed++
			s.Errorf("%s: %v", it.File, moved)
		}
		if err := s.report(it, resp, err); err != nil {
			return err
		}
		sent = append(sent, resp)
	}
	s.bar.End()
	if o.wait {
		if err := s.wait(ctx, items, sent); err != nil {
			return err
		}
	}
	return console.Failures(s.failed, s.total)
}

func totalSize(items []upload.Recording) (total int64) {
	for _, it := range items {
		total += files.Size(it.Path)
	}
	return total
}

// sendOne sends one item, unless there is no use in trying.
func (s *sender) sendOne(
	ctx context.Context, i int, it upload.Recording,
) (*pb.UploadRecordingResponse, error) {
	if it.Err != nil {
		return nil, it.Err
	}
	if s.unreachable != nil {
		return nil, fmt.Errorf("not sent: %w", s.unreachable)
	}
	s.bar.Describe("%d/%d %s", i+1, s.total, it.File)
	resp, err := s.up.Upload(ctx, it)
	if client.Temporary(err) {
		s.unreachable = err
	}
	s.done += files.Size(it.Path)
	s.bar.Set(s.done)
	return resp, err
}

// report prints a failure at once, and a success unless it is still waited for.
func (s *sender) report(it upload.Recording, resp *pb.UploadRecordingResponse, err error) error {
	if err == nil && s.options.wait {
		return nil
	}
	s.bar.Hide()
	return s.print(it, resp, resp.GetRecording(), err)
}

// wait prints everything that was sent once it is judged.
func (s *sender) wait(
	ctx context.Context, items []upload.Recording, sent []*pb.UploadRecordingResponse,
) error {
	s.bar = s.CountProgress(len(items))
	s.bar.Describe("heard and judged")
	defer s.bar.End()
	for i, resp := range sent {
		if resp == nil {
			continue
		}
		rec, err := resp.GetRecording(), error(nil)
		if rec.GetEraseTime() == nil { // else there is nothing to wait for
			rec, err = s.up.Watch(ctx, rec.GetName())
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && rec.GetState() == pb.Recording_STATE_PARKED {
			err = errors.New("it can't be transcribed: " + rec.GetError().GetMessage())
		}
		if rec == nil {
			rec = resp.GetRecording()
		}
		s.bar.Hide()
		if err := s.print(items[i], resp, rec, err); err != nil {
			return err
		}
		s.bar.Set(int64(i + 1))
	}
	return nil
}

func (s *sender) print(
	it upload.Recording, resp *pb.UploadRecordingResponse, rec *pb.Recording, failure error,
) error {
	if failure != nil {
		s.failed++
		s.Errorf("%s: %v", it.File, failure)
	}
	line := s.line(it, resp, rec, failure)
	switch {
	case *s.options.format == output.JSON && s.options.wait:
		return s.JSON(newJudgedLine(line, rec.GetJudgement()))
	case *s.options.format == output.JSON:
		return s.JSON(line)
	case failure == nil:
		defects := transcript.RemoteDefects(rec)
		text := line.text() + judgementText(rec.GetJudgement(), defects) +
			output.CutOff(line.Truncated, rec.GetAudio().GetDuration().AsDuration())
		return s.Println(append([]string{text}, transcript.DefectText(defects)...)...)
	}
	return nil
}

func (s *sender) line(
	it upload.Recording, resp *pb.UploadRecordingResponse, rec *pb.Recording, failure error,
) Line {
	l := Line{File: it.File, CallID: it.Meta.GetCallId(), Part: it.Meta.GetPart(),
		Recording: output.OrNull(rec.GetName()), Duplicate: resp.GetDuplicate(),
		Truncated: rec.GetAudio().GetTruncated(), Replaced: resp.GetReplaced(),
		SetAside: output.OrNull(resp.GetSetAside()),
		Defects:  transcript.DefectNames(transcript.RemoteDefects(rec))}
	if rec != nil {
		l.State = output.OrNull(output.EnumName(rec.GetState(), "STATE_"))
	}
	if rec.GetEraseTime() != nil {
		l.State = output.OrNull(erased)
	}
	if failure != nil {
		l.Error = output.OrNull(failure.Error())
	}
	return l
}
