package grpcapi

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"

	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/vcon"
)

// audioChunk is how many bytes of a file go into one message.
const audioChunk = 128 << 10

const opAudio = "recording.GetAudio"

// GetRecordingAudio implements the API.
func (s *recordingServer) GetRecordingAudio(
	req *pb.GetRecordingAudioRequest, stream grpc.ServerStreamingServer[pb.GetRecordingAudioResponse],
) error {
	ctx := stream.Context()
	by, err := actor(ctx)
	if err != nil {
		return err
	}
	rec, err := s.audioOf(ctx, req)
	if err != nil {
		return err
	}
	part, err := excerptOf(rec, req)
	if err != nil {
		return err
	}
	file, err := s.openAudio(ctx, rec)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	s.Logger.InfoContext(ctx, "recording's audio given out", "recording", rec.ID, "number", rec.Number,
		"offset", req.GetOffset(), "actor", by)
	if part != nil {
		return s.sendExcerpt(stream, rec, file, *part, req)
	}
	return sendAudio(stream, rec, file, req)
}

// openAudio opens a recording's file.
func (s *recordingServer) openAudio(ctx context.Context, rec recording.Recording) (io.ReadCloser, error) {
	file, err := s.Audio.Open(ctx, rec.ID)
	if errors.Is(err, fs.ErrNotExist) {
		if now, err := s.find(ctx, rec.Name()); err != nil || now.Erased() { // it was erased meanwhile
			return nil, cmp.Or(err, audioErased(rec))
		}
		return nil, &fault.Error{Op: opAudio, Kind: fault.Precondition, Reason: "AUDIO_MISSING", Subject: rec.Name(),
			Message: "its file is gone; restore it from a backup, or send it again"}
	}
	return file, err
}

// audioOf finds the recording whose audio is asked for.
func (s *recordingServer) audioOf(
	ctx context.Context, req *pb.GetRecordingAudioRequest,
) (recording.Recording, error) {
	var wrong fault.Fields
	if req.GetOffset() < 0 {
		wrong.Add("offset", "is negative; it counts from the start of the file")
	}
	if req.GetLength() < 0 {
		wrong.Add("length", "is negative; 0 is for all to the end")
	}
	if err := wrong.Err(opAudio); err != nil {
		return recording.Recording{}, err
	}
	rec, err := s.find(ctx, req.GetName())
	switch {
	case err != nil:
		return rec, err
	case rec.Erased(): // whatever lies there
		return rec, audioErased(rec)
	case req.GetSha256() != "" && req.GetSha256() != rec.SHA256:
		return rec, &fault.Error{Op: opAudio, Kind: fault.Precondition, Reason: "AUDIO_REPLACED",
			Subject: rec.Name(), Message: "another file has taken the place of the one that was asked for; " +
				"get it from its beginning", Meta: map[string]string{"sha256": rec.SHA256}}
	case req.GetOffset() > rec.Size && !cuts(req):
		wrong.Add("offset", "is %d, and the file has %d bytes", req.GetOffset(), rec.Size)
	}
	return rec, wrong.Err(opAudio)
}

// audioErased is the fault of asking for audio that was erased, or is about to be.
func audioErased(rec recording.Recording) error {
	return &fault.Error{Op: opAudio, Kind: fault.Precondition, Reason: "RECORDING_ERASED", Subject: rec.Name(),
		Message: "its audio was erased, since it had been kept for as long as it may be, or somebody asked for that"}
}

// sendAudio sends what the file is, and then what is asked for of it.
func sendAudio(
	stream grpc.ServerStreamingServer[pb.GetRecordingAudioResponse], rec recording.Recording,
	file io.Reader, req *pb.GetRecordingAudioRequest,
) error {
	head := make([]byte, vcon.MediaTypeBytes)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	err = stream.Send(&pb.GetRecordingAudioResponse{Payload: &pb.GetRecordingAudioResponse_File{
		File: &pb.AudioFile{MediaType: vcon.MediaType(head), SizeBytes: rec.Size, Sha256: rec.SHA256}}})
	if err != nil {
		return err
	}
	if file, err = from(file, head, req.GetOffset()); err != nil {
		return err
	}
	return sendBytes(stream, file, rec.Size, req)
}

// sendBytes sends what is asked for of a file of size bytes, from where it stands on.
func sendBytes(stream grpc.ServerStreamingServer[pb.GetRecordingAudioResponse], file io.Reader, size int64,
	req *pb.GetRecordingAudioRequest,
) error {
	left := size - req.GetOffset()
	if most := req.GetLength(); most > 0 {
		left = min(left, most)
	}
	// hidden, or the reader would copy by pieces of its own
	_, err := io.CopyBuffer(struct{ io.Writer }{audioPieces{stream}},
		struct{ io.Reader }{io.LimitReader(file, left)}, make([]byte, audioChunk))
	return err
}

// from is the file from an offset on, of which the head was read already.
func from(file io.Reader, head []byte, offset int64) (io.Reader, error) {
	if s, ok := file.(io.Seeker); ok {
		_, err := s.Seek(offset, io.SeekStart)
		return file, err
	}
	whole := io.MultiReader(bytes.NewReader(head), file)
	_, err := io.CopyN(io.Discard, whole, offset)
	return whole, err
}

// audioPieces sends what is written.
type audioPieces struct {
	stream grpc.ServerStreamingServer[pb.GetRecordingAudioResponse]
}

// Write implements io.Writer.
func (p audioPieces) Write(b []byte) (int, error) {
	err := p.stream.Send(&pb.GetRecordingAudioResponse{
		Payload: &pb.GetRecordingAudioResponse_Chunk{Chunk: slices.Clone(b)}})
	if err != nil {
		return 0, err
	}
	return len(b), nil
}
