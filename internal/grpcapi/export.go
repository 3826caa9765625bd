package grpcapi

import (
	"bufio"
	"context"
	"io"
	"slices"

	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/vcon"
)

// maxExportIDs is how many calls a request may name.
const maxExportIDs = 1000

// exportChunk is how many bytes of a document go into one message.
const exportChunk = 64 << 10

// Audio is where recordings' audio lies. What Open gives is read until ctx ends; its error wraps
// fs.ErrNotExist where there is none.
type Audio interface {
	Open(ctx context.Context, id recording.ID) (io.ReadCloser, error)
}

type exportServer struct {
	pb.UnimplementedExportServiceServer
	Deps
}

// ExportVcons implements the API.
func (s *exportServer) ExportVcons(
	req *pb.ExportVconsRequest, stream grpc.ServerStreamingServer[pb.ExportVconsResponse],
) error {
	ctx := stream.Context()
	by, err := s.exporter(ctx, req)
	if err != nil {
		return err
	}
	f, err := exportFilter(req)
	if err != nil {
		return err
	}
	o := vcon.Options{FullNumbers: req.GetFullNumbers(), Key: s.TokenKey, Version: s.Server.Version, Now: s.Now()}
	if req.GetWithAudio() {
		o.Audio = func(id recording.ID) (io.ReadCloser, error) { return s.Audio.Open(ctx, id) }
	}
	n := 0
	one := func(id string) error {
		n++
		return s.exportCall(ctx, id, o, stream)
	}
	if len(req.GetCallIds()) > 0 {
		err = eachOf(req.GetCallIds(), one)
	} else {
		err = s.Conversations.EachCall(ctx, f, func(id string) error {
			err := one(id)
			if fault.KindOf(err) == fault.NotFound { // it was erased, or became another line's, since
				err = nil
			}
			return err
		})
	}
	s.Logger.InfoContext(ctx, "calls exported", "calls", n, "full_numbers", o.FullNumbers,
		"audio", o.Audio != nil, "actor", by)
	return err
}

func eachOf(ids []string, visit func(string) error) error {
	for _, id := range ids {
		if err := visit(id); err != nil {
			return err
		}
	}
	return nil
}

// exporter is who asks. Whether they may see numbers in full was decided before.
func (s *exportServer) exporter(ctx context.Context, req *pb.ExportVconsRequest) (string, error) {
	by, err := actor(ctx)
	if err != nil || !req.GetFullNumbers() && !req.GetWithAudio() {
		return by, err
	}
	// logged before the first number leaves
	s.Logger.WarnContext(ctx, "numbers revealed", "what", "export of calls",
		"full_numbers", req.GetFullNumbers(), "audio", req.GetWithAudio(), "actor", by)
	return by, nil
}

func exportFilter(req *pb.ExportVconsRequest) (vcon.Filter, error) {
	var wrong fault.Fields
	f := vcon.Filter{Agent: req.GetAgent(), Line: req.GetLine(), Suspects: req.GetSuspectsOnly(),
		Unrecorded: req.GetUnrecorded()}
	if n := len(req.GetCallIds()); n > maxExportIDs {
		wrong.Add("call_ids", "names %d calls; at most %d may be named at once", n, maxExportIDs)
	}
	f.From = optionalTime("start_time", req.GetStartTime(), &wrong)
	f.Until = optionalTime("end_time", req.GetEndTime(), &wrong)
	return f, wrong.Err("export.Vcons")
}

// exportCall sends a call's document.
func (s *exportServer) exportCall(
	ctx context.Context, id string, o vcon.Options,
	stream grpc.ServerStreamingServer[pb.ExportVconsResponse],
) error {
	p, _ := access.Of(ctx)
	c, err := s.Conversations.Conversation(ctx, id, p.Lines)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(pieces{id, stream}, exportChunk)
	if err := vcon.Write(out, c, o); err != nil {
		return err
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return stream.Send(&pb.ExportVconsResponse{CallId: id, Last: true})
}

// pieces sends what is written.
type pieces struct {
	call   string
	stream grpc.ServerStreamingServer[pb.ExportVconsResponse]
}

// Write implements io.Writer.
func (p pieces) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		some := rest[:min(len(rest), exportChunk)]
		rest = rest[len(some):]
		err := p.stream.Send(&pb.ExportVconsResponse{CallId: p.call, Chunk: slices.Clone(some)})
		if err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
