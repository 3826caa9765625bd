package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// sending is one run of send.
type sending struct {
	*console
	o     *sendOptions
	up    *uploader
	bar   *progress
	total int

	failed int
	done   int64 // bytes of the files before the current one
	// away is why no more files are tried: the server can't be reached.
	away error
}

// send sends the items, and reports each.
func send(ctx context.Context, c *console, o *sendOptions, items []item) error {
	cl, err := o.client.dial()
	if err != nil {
		return err
	}
	defer cl.close()
	s := &sending{console: c, o: o, total: len(items), bar: c.newProgress(totalSize(items))}
	defer s.bar.end()
	s.up = newUploader(c, cl, func(n int64) { s.bar.set(s.done + n) })
	var sent []*pb.UploadRecordingResponse
	for i, it := range items {
		resp, err := s.sendOne(ctx, i, it)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := s.report(it, resp, err); err != nil {
			return err
		}
		sent = append(sent, resp)
	}
	s.bar.end()
	if o.wait {
		if err := s.await(ctx, items, sent); err != nil {
			return err
		}
	}
	return failures(s.failed, s.total)
}

// newRetrier is one that says once that it is waiting for the server.
func newRetrier(c *console, cl *client) retrier {
	told := false
	return retrier{pause: c.pause, reconnect: cl.reconnect, note: func() {
		if !told {
			c.complain("waiting for the server at %s", cl.flags.server)
		}
		told = true
	}}
}

func totalSize(items []item) (total int64) {
	for _, it := range items {
		total += fileSize(it.path)
	}
	return total
}

func fileSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return 0 // sending it will say what is wrong
	}
	return info.Size()
}

// sendOne sends one item, unless there is no use in trying.
func (s *sending) sendOne(ctx context.Context, i int, it item) (*pb.UploadRecordingResponse, error) {
	if it.err != nil {
		return nil, it.err
	}
	if s.away != nil {
		return nil, fmt.Errorf("not sent: %w", s.away)
	}
	s.bar.describe("%d/%d %s", i+1, s.total, it.file)
	resp, err := s.up.upload(ctx, it)
	if mayPass(err) {
		s.away = err
	}
	s.done += fileSize(it.path)
	s.bar.set(s.done)
	return resp, err
}

// report tells of a failure at once, and of a success unless it is still waited for.
func (s *sending) report(it item, resp *pb.UploadRecordingResponse, err error) error {
	if err == nil && s.o.wait {
		return nil
	}
	s.bar.hide()
	return s.tell(it, resp, resp.GetRecording(), err)
}

// await tells of everything that was sent once it is judged.
func (s *sending) await(ctx context.Context, items []item, sent []*pb.UploadRecordingResponse) error {
	s.bar = s.newCount(len(items))
	s.bar.describe("heard and judged")
	defer s.bar.end()
	for i, resp := range sent {
		if resp == nil {
			continue
		}
		rec, err := s.up.watch(ctx, resp.GetRecording().GetName())
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && rec.GetState() == pb.Recording_STATE_PARKED {
			err = errors.New("it can't be transcribed: " + rec.GetError().GetMessage())
		}
		if rec == nil {
			rec = resp.GetRecording()
		}
		s.bar.hide()
		if err := s.tell(items[i], resp, rec, err); err != nil {
			return err
		}
		s.bar.set(int64(i + 1))
	}
	return nil
}

func (s *sending) tell(it item, resp *pb.UploadRecordingResponse, rec *pb.Recording, failure error) error {
	if failure != nil {
		s.failed++
		s.complain("%s: %v", it.file, failure)
	}
	line := s.line(it, resp, rec, failure)
	switch {
	case *s.o.format == formatJSON && s.o.wait:
		return s.json(newJudgedLine(line, rec.GetJudgement()))
	case *s.o.format == formatJSON:
		return s.json(line)
	case failure == nil:
		return s.println(line.text() + judgementText(rec.GetJudgement()) + cutOff(line.Truncated, rec.GetAudio().GetDuration().AsDuration()))
	}
	return nil
}

func (s *sending) line(it item, resp *pb.UploadRecordingResponse, rec *pb.Recording, failure error) sentLine {
	l := sentLine{File: it.file, CallID: it.meta.GetCallId(), Part: it.meta.GetPart(),
		Recording: orNull(rec.GetName()), Duplicate: resp.GetDuplicate(), Truncated: rec.GetAudio().GetTruncated()}
	if rec != nil {
		l.State = orNull(enumName(rec.GetState(), "STATE_"))
	}
	if failure != nil {
		l.Error = orNull(failure.Error())
	}
	return l
}

// enumName is the value's name in lower case, without its type.
func enumName(v fmt.Stringer, prefix string) string {
	return strings.ToLower(strings.TrimPrefix(v.String(), prefix))
}
