package grpcapi

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/request"
)

type recordingServer struct {
	pb.UnimplementedRecordingServiceServer
	Deps
	pages pager
	drawn *drawn
}

// UploadRecording implements the API.
func (s *recordingServer) UploadRecording(
	stream grpc.ClientStreamingServer[pb.UploadRecordingRequest, pb.UploadRecordingResponse],
) error {
	const op = "recording.Upload"
	first, err := stream.Recv()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	meta := first.GetMetadata()
	if meta == nil {
		return &fault.Error{Op: op, Kind: fault.Invalid, Reason: "METADATA_MISSING",
			Message: "the first message must carry the metadata"}
	}
	m, err := metadataFromProto(meta)
	if err != nil {
		return err
	}
	if m.Replace, err = replacement(stream.Context(), meta); err != nil {
		return err
	}
	rec, duplicate, err := s.Intake.Upload(stream.Context(), m, &chunks{stream: stream})
	if err != nil {
		return exhausted(s.explain(err))
	}
	if !duplicate {
		s.Logger.InfoContext(stream.Context(), "recording taken in", "recording", rec.ID,
			"call", rec.Number.MaskIn(rec.CallID), "part", rec.Part, "number", rec.Number,
			"audio", rec.Audio.Duration(), "bytes", rec.Size, "defects", rec.Defects(),
			"replaced", rec.Replaced)
	}
	resp := &pb.UploadRecordingResponse{Duplicate: duplicate, Replaced: !duplicate && rec.Replaced > 0}
	if rec.Aside != "" {
		resp.SetAside = recording.Recording{ID: rec.Aside}.Name()
		s.Logger.WarnContext(stream.Context(), "recording set aside for another", "recording", rec.Aside,
			"for", rec.ID, "call", rec.Number.MaskIn(rec.CallID), "reason", m.Replace.Reason, "actor", m.Replace.By)
	}
	if resp.GetReplaced() && m.Replace != nil { // the version of before stays, but not why
		s.Logger.InfoContext(stream.Context(), "recording goes on in the file that was to replace it",
			"recording", rec.ID, "reason", m.Replace.Reason, "actor", m.Replace.By)
	}
	full, err := s.judged(stream.Context(), []recording.Recording{rec})
	if err != nil {
		return err
	}
	resp.Recording = full[0]
	return stream.SendAndClose(resp)
}

// replacement is the order that a file takes another's place, nil where there is none. Who gives it
// must say so.
func replacement(ctx context.Context, m *pb.RecordingMetadata) (*recording.Replacement, error) {
	if m.GetReplaceReason() == "" {
		return nil, nil
	}
	by, err := actor(ctx)
	if err != nil {
		return nil, err
	}
	if err := request.CheckReason("recording.Upload", m.GetReplaceReason()); err != nil {
		return nil, err
	}
	return &recording.Replacement{By: by, Reason: m.GetReplaceReason()}, nil
}

// exhausted tells a recorder of a full disk as of the limit that it is for it, whatever did not
// fit: it keeps the recording, and comes back.
func exhausted(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Reason != diskFull {
		return err
	}
	full := *f
	full.Kind = fault.Exhausted
	return &full
}

// diskFull is the reason of faults of a disk without room.
const diskFull = "DISK_FULL"

func metadataFromProto(m *pb.RecordingMetadata) (recording.Metadata, error) {
	var wrong fault.Fields
	checkRequestID(m.GetRequestId(), &wrong)
	channel, ok := channelFromProto[m.GetCustomerChannel()]
	if !ok {
		wrong.Add("customer_channel", "is %d, which is no channel", m.GetCustomerChannel())
	}
	if m.StartTime != nil && m.StartTime.CheckValid() != nil {
		wrong.Add("start_time", "is no valid time")
	}
	if m.AnswerOffset != nil && m.AnswerOffset.CheckValid() != nil {
		wrong.Add("answer_offset", "is no valid duration")
	}
	out := recording.Metadata{
		CallID: m.GetCallId(), Part: m.GetPart(), Number: m.GetNumber(), Agent: m.GetAgent(),
		Source:          m.GetSource(),
		CustomerChannel: channel, AnswerOffset: m.GetAnswerOffset().AsDuration(),
		SHA256: m.GetSha256(), UnfinishedOK: m.GetUnfinishedOk(), ArchivePath: m.GetArchivePath(),
		Priority: readPriority(m.GetPriority(), &wrong), Line: m.GetLine(), Virtual: m.GetVirtual(),
	}
	if m.StartTime != nil {
		out.StartedAt = m.GetStartTime().AsTime()
	}
	return out, wrong.Err("recording.Upload")
}

// chunks reads the messages of an upload as one stream of bytes.
type chunks struct {
	stream grpc.ClientStreamingServer[pb.UploadRecordingRequest, pb.UploadRecordingResponse]
	rest   []byte
}

func (c *chunks) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		m, err := c.stream.Recv()
		if err != nil {
			return 0, err // io.EOF ends the file
		}
		if m.GetMetadata() != nil {
			return 0, &fault.Error{Op: "recording.Upload", Kind: fault.Invalid,
				Reason:  "METADATA_TWICE",
				Message: "only the first message carries metadata; send one recording a stream"}
		}
		c.rest = m.GetChunk()
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// GetRecording implements the API.
func (s *recordingServer) GetRecording(
	ctx context.Context, req *pb.GetRecordingRequest,
) (*pb.GetRecordingResponse, error) {
	rec, err := s.find(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	full, err := s.judged(ctx, []recording.Recording{rec})
	if err != nil {
		return nil, err
	}
	if err := s.addVersions(ctx, rec.ID, full[0]); err != nil {
		return nil, err
	}
	if req.GetWithTranscript() && rec.State == recording.Done {
		full[0].Transcript, full[0].AgentTranscript, err = s.transcripts(ctx, rec.ID)
		if err != nil && fault.KindOf(err) != fault.NotFound { // it was erased, as it was due
			return nil, err
		}
	}
	return &pb.GetRecordingResponse{Recording: full[0]}, s.hideBlind(ctx, []recording.Recording{rec}, full)
}

// transcripts reads what was heard of both sides; agent is nil where that wasn't.
func (d Deps) transcripts(
	ctx context.Context, id recording.ID,
) (customer, agent *pb.Transcript, err error) {
	t, err := d.Transcripts.Get(ctx, id, asr.Customer)
	if err != nil {
		return nil, nil, err
	}
	customer = transcriptToProto(t)
	t, err = d.Transcripts.Get(ctx, id, asr.Agent)
	switch {
	case fault.KindOf(err) == fault.NotFound:
		return customer, nil, nil
	case err != nil:
		return nil, nil, err
	}
	return customer, transcriptToProto(t), nil
}

func (s *recordingServer) find(ctx context.Context, name string) (recording.Recording, error) {
	var wrong fault.Fields
	ids := parseName("recordings/{recording}", name, &wrong)
	if err := wrong.Err("recording.Get"); err != nil {
		return recording.Recording{}, err
	}
	return s.Recordings.Get(ctx, recording.ID(ids[0]))
}

// judged adds to recordings what the lexicon found in them.
func (s *recordingServer) judged(
	ctx context.Context, recs []recording.Recording,
) ([]*pb.Recording, error) {
	ids := each(recs, func(r recording.Recording) recording.ID { return r.ID })
	judgements, err := s.Transcripts.Judgements(ctx, ids)
	if err != nil {
		return nil, err
	}
	return each(recs, func(r recording.Recording) *pb.Recording {
		out := recordingToProto(r)
		if j, ok := judgements[r.ID]; ok {
			out.Judgement = judgementToProto(j.Verdict, j.SuspectID)
		}
		return out
	}), nil
}

// ListRecordings implements the API.
func (s *recordingServer) ListRecordings(
	ctx context.Context, req *pb.ListRecordingsRequest,
) (*pb.ListRecordingsResponse, error) {
	var wrong fault.Fields
	size := pageSize(req.GetPageSize(), &wrong)
	if req.GetWithTranscript() {
		size = min(size, maxTranscripts)
	}
	state, ok := stateFromProto[req.GetState()]
	if !ok {
		wrong.Add("state", "is %d, which is no state", req.GetState())
	}
	f := recording.Filter{State: state, CallID: req.GetCallId(), Source: req.GetSource(),
		Line: req.GetLine(), Priority: filterPriority(req.GetPriority(), &wrong),
		Reason: req.GetReason(), Limit: size + 1}
	filter := filterName("recordings", state, f.CallID, f.Source, f.Line, req.GetPriority(),
		f.Reason)
	after := s.pages.parse(filter, req.GetPageToken(), &wrong)
	if err := wrong.Err("recording.List"); err != nil {
		return nil, err
	}
	if after != nil {
		f.Before = &request.Cursor{At: after.at, ID: after.id}
	}
	recs, err := s.Recordings.List(ctx, f)
	if err != nil {
		return nil, err
	}
	token := func(r recording.Recording) string {
		return s.pages.token(filter, cursor{r.CreatedAt, string(r.ID)})
	}
	recs, next := cut(recs, size, token)
	out, err := s.judged(ctx, recs)
	if err != nil {
		return nil, err
	}
	if req.GetWithTranscript() {
		fit, err := s.addTranscripts(ctx, recs, out)
		if err != nil {
			return nil, err
		}
		if fit < len(recs) {
			out, next = out[:fit], token(recs[fit-1])
		}
	}
	return &pb.ListRecordingsResponse{Recordings: out, NextPageToken: next}, s.hideBlind(ctx, recs, out)
}

// cut takes the row away that only tells that there is another page, and names that
// page.
func cut[T any](rows []T, size int, token func(T) string) ([]T, string) {
	if len(rows) <= size {
		return rows, ""
	}
	return rows[:size], token(rows[size-1])
}

// WatchRecording implements the API.
func (s *recordingServer) WatchRecording(
	req *pb.WatchRecordingRequest, stream grpc.ServerStreamingServer[pb.WatchRecordingResponse],
) error {
	ctx := stream.Context()
	rec, err := s.find(ctx, req.GetName())
	if err != nil {
		return err
	}
	changed, stop := s.Watchers.watch(rec.ID)
	defer stop()
	for seen := int64(-1); ; {
		if rec, err = s.Recordings.Get(ctx, rec.ID); err != nil {
			return err
		}
		if rec.Revision != seen {
			seen = rec.Revision
			full, err := s.judged(ctx, []recording.Recording{rec})
			if err == nil {
				err = s.hideBlind(ctx, []recording.Recording{rec}, full)
			}
			if err != nil {
				return err
			}
			if err := stream.Send(&pb.WatchRecordingResponse{Recording: full[0]}); err != nil {
				return err
			}
		}
		if rec.State.Final() {
			return nil
		}
		select {
		case <-changed:
		case <-s.Stopping:
			return stopping("recording.Watch", "watch again")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// RetryRecording implements the API.
func (s *recordingServer) RetryRecording(
	ctx context.Context, req *pb.RetryRecordingRequest,
) (*pb.RetryRecordingResponse, error) {
	rec, err := s.find(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	if rec, err = s.Recordings.Requeue(ctx, rec.ID); err != nil {
		return nil, err
	}
	return &pb.RetryRecordingResponse{Recording: recordingToProto(rec)}, nil
}

// RetryRecordings implements the API.
func (s *recordingServer) RetryRecordings(
	ctx context.Context, req *pb.RetryRecordingsRequest,
) (*pb.RetryRecordingsResponse, error) {
	n, err := recording.RetryParked(ctx, s.Parked, recording.ParkedFilter{
		Reason: req.GetReason(), Source: req.GetSource()})
	if n > 0 {
		s.Logger.InfoContext(ctx, "parked recordings queued again", "recordings", n,
			"reason", req.GetReason(), "source", req.GetSource())
	}
	if err != nil {
		return nil, err
	}
	return &pb.RetryRecordingsResponse{RetriedCount: int64(n)}, nil
}
