package grpcapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/limit"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// Listening reads recordings' files for people who listen to them.
type Listening interface {
	// OpenExcerpt reads what is asked for of a recording as a WAV file, from a byte of that on.
	OpenExcerpt(ctx context.Context, r io.Reader, i audio.Info, e audio.Excerpt, offset int64) (io.ReadCloser, error)
	// OpenPeaks reads how loud a recording is.
	OpenPeaks(ctx context.Context, r io.Reader, i audio.Info, perSecond int) (audio.Peaks, error)
}

// excerptType is what excerpts are.
const excerptType = "audio/x-wav"

// cuts tells whether less is asked for than the file as it came.
func cuts(req *pb.GetRecordingAudioRequest) bool {
	return req.GetSide() != pb.Side_SIDE_UNSPECIFIED || req.GetStartOffset() != nil || req.GetEndOffset() != nil
}

// excerptOf is what is asked for of a recording, nil for the file as it came.
func excerptOf(rec recording.Recording, req *pb.GetRecordingAudioRequest) (*audio.Excerpt, error) {
	if !cuts(req) {
		return nil, nil //nolint:nilnil // nothing is left out
	}
	var wrong fault.Fields
	e := audio.Excerpt{From: offsetOf(&wrong, "start_offset", req.GetStartOffset()),
		To: offsetOf(&wrong, "end_offset", req.GetEndOffset())}
	switch req.GetSide() {
	case pb.Side_SIDE_UNSPECIFIED:
	case pb.Side_SIDE_CUSTOMER:
		e.Channel = rec.CustomerChannel
	case pb.Side_SIDE_AGENT:
		if e.Channel = rec.CustomerChannel.Other(); e.Channel == audio.Mono {
			wrong.Add("side", "is the agent's, and the recording has the customer's alone")
		}
	default:
		wrong.Add("side", "is %d, which is no side", req.GetSide())
	}
	if err := wrong.Err(opAudio); err != nil {
		return nil, err
	}
	size, err := e.Size(rec.Audio)
	if bad, ok := errors.AsType[*audio.Error](err); ok {
		return nil, &fault.Error{Op: opAudio, Kind: fault.Invalid, Reason: "NO_SUCH_EXCERPT", Subject: rec.Name(),
			Message: bad.Error()}
	}
	if req.GetOffset() > size {
		wrong.Add("offset", "is %d, and the file has %d bytes", req.GetOffset(), size)
	}
	return &e, errors.Join(err, wrong.Err(opAudio))
}

func offsetOf(wrong *fault.Fields, name string, d *durationpb.Duration) time.Duration {
	if d == nil {
		return 0
	}
	if d.CheckValid() != nil || d.AsDuration() < 0 {
		wrong.Add(name, "is no time from the recording's beginning on")
	}
	return d.AsDuration()
}

// sendExcerpt sends what the excerpt's file is, and then what is asked for of it.
func (s *recordingServer) sendExcerpt(
	stream grpc.ServerStreamingServer[pb.GetRecordingAudioResponse], rec recording.Recording, file io.Reader,
	e audio.Excerpt, req *pb.GetRecordingAudioRequest,
) error {
	size, err := e.Size(rec.Audio)
	if err != nil {
		return err
	}
	ctx, place, leave, err := s.drawn.listen(stream.Context())
	if err != nil {
		return err
	}
	defer leave()
	out, err := s.Listening.OpenExcerpt(ctx, file, rec.Audio, e, req.GetOffset())
	if err != nil {
		return undecodable(rec, err)
	}
	defer func() { _ = out.Close() }() // it was only read
	err = stream.Send(&pb.GetRecordingAudioResponse{Payload: &pb.GetRecordingAudioResponse_File{
		File: &pb.AudioFile{MediaType: excerptType, SizeBytes: size, Sha256: rec.SHA256}}})
	if err != nil {
		return err
	}
	err = sendBytes(heardStream{stream, place}, out, size, req)
	if ctx.Err() != nil && stream.Context().Err() == nil {
		return errListeners
	}
	return undecodable(rec, err)
}

// heardStream notes that who listens takes what is sent.
type heardStream struct {
	grpc.ServerStreamingServer[pb.GetRecordingAudioResponse]

	place *limit.Place
}

// Send implements grpc.ServerStreamingServer.
func (s heardStream) Send(m *pb.GetRecordingAudioResponse) error {
	err := s.ServerStreamingServer.Send(m)
	s.place.Heard()
	return err
}

// mostListening is how many excerpts and peaks may be made at once: each of a file that is no WAV takes a decoder,
// and a copy of it on the disk.
const mostListening = 16

var errListeners = &fault.Error{Op: opAudio, Kind: fault.Exhausted, Reason: "TOO_MANY_LISTENERS",
	Message: fmt.Sprintf("%d recordings are being played or drawn at once; try again in a moment", mostListening)}

// undecodable says of a file that it can't be read as audio.
func undecodable(rec recording.Recording, err error) error {
	if bad, ok := errors.AsType[*audio.Error](err); ok {
		return &fault.Error{Op: opAudio, Kind: fault.Precondition, Reason: "AUDIO_UNDECODABLE", Subject: rec.Name(),
			Message: bad.Error()}
	}
	return err
}

const (
	defaultPeaks = 50
	mostPeaks    = 200
	// keptPeaks is of how many recordings peaks are kept, of at most 2 × audio.MaxPeaks bytes each: 20 MB.
	keptPeaks = 512
)

// drawn keeps the peaks of recordings that were looked at. They lie in memory alone: what lay on the disk would have to
// be erased with the audio, and backed up, and is made again in a moment.
type drawn struct {
	places *limit.Places
	// kept and flight go by the file's SHA-256 and how many there are of a second: the same bytes give the same.
	kept   *lru.Cache[string, audio.Peaks]
	flight singleflight.Group
}

func newDrawn() *drawn {
	kept, err := lru.New[string, audio.Peaks](keptPeaks)
	if err != nil { // it is for sizes below 1
		panic(err)
	}
	return &drawn{places: limit.NewPlaces(mostListening, time.Now), kept: kept}
}

// listen takes a place for as long as somebody listens; whoever has taken nothing for a while gives way.
func (d *drawn) listen(ctx context.Context) (within context.Context, place *limit.Place, leave func(), err error) {
	if place, err = d.places.Take(); err != nil {
		return nil, nil, nil, errListeners
	}
	within, cancel := withEnd(ctx, place.Lost())
	return within, place, func() { cancel(); place.Leave() }, nil
}

// GetRecordingPeaks implements the API.
func (s *recordingServer) GetRecordingPeaks(
	ctx context.Context, req *pb.GetRecordingPeaksRequest,
) (*pb.GetRecordingPeaksResponse, error) {
	var wrong fault.Fields
	n := int(req.GetPerSecond())
	if n == 0 {
		n = defaultPeaks
	}
	if n < 1 || n > mostPeaks {
		wrong.Add("per_second", "is %d; it may be 1 to %d", n, mostPeaks)
		return nil, wrong.Err(opAudio)
	}
	rec, err := s.audioOf(ctx, &pb.GetRecordingAudioRequest{Name: req.GetName()})
	if err != nil {
		return nil, err
	}
	p, err := s.peaksOf(ctx, rec, n)
	if err != nil {
		return nil, undecodable(rec, err)
	}
	resp := &pb.GetRecordingPeaksResponse{PerSecond: int32(p.PerSecond), Duration: durationpb.New(rec.Audio.Duration())}
	for c, peaks := range p.Channels {
		side := &resp.Agent
		if rec.CustomerChannel == audio.Mono || (c == 0) == (rec.CustomerChannel == audio.Left) {
			side = &resp.Customer
		}
		*side = each(peaks, func(b byte) int32 { return int32(b) })
	}
	return resp, nil
}

// peaksOf reads a recording's peaks once, however many ask.
func (s *recordingServer) peaksOf(ctx context.Context, rec recording.Recording, perSecond int) (audio.Peaks, error) {
	key := rec.SHA256 + "/" + strconv.Itoa(perSecond)
	if p, ok := s.drawn.kept.Get(key); ok {
		return p, nil
	}
	got, err, _ := s.drawn.flight.Do(key, func() (any, error) {
		// whoever asked first may leave while others wait; a server that stops waits for nobody
		whole, cancel := withEnd(context.WithoutCancel(ctx), s.Stopping)
		defer cancel()
		within, _, leave, err := s.drawn.listen(whole)
		if err != nil {
			return nil, err
		}
		defer leave()
		file, err := s.openAudio(within, rec)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // it was only read
		p, err := s.Listening.OpenPeaks(within, file, rec.Audio, perSecond)
		if err == nil {
			s.drawn.kept.Add(key, p)
		}
		return p, err
	})
	p, _ := got.(audio.Peaks)
	return p, err
}
