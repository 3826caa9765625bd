package grpcapi

import (
	"context"
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

// Server is what a server tells of itself.
type Server struct {
	// Version is the program's.
	Version string
	// Model is the name of the model that hears recordings.
	Model string
	// Started is when it began to serve.
	Started time.Time
	// Purposes are what it may be ready for, and Ready tells why it isn't, nil where it is.
	Purposes []string
	Ready    func(purpose string) error
	// Disk tells how much room there is, quickly; it, and Pace, may be nil.
	Disk func(ctx context.Context) (Disk, error)
	Pace *Pace
}

// Disk is how much room there is where a server keeps its data, in bytes.
type Disk struct {
	// Free is what may still be written, of Size.
	Free, Size int64
	// Audio is how large the recordings are that are kept, Database what the database takes.
	Audio, Database int64
}

// Queue tells what waits.
type Queue interface {
	// Queue tells what waits, what is under way and what was given up, in a moment.
	Queue(ctx context.Context) (recording.Queue, error)
}

// OpenSuspects counts suspects.
type OpenSuspects interface {
	// Open counts the suspects that wait for a decision.
	Open(ctx context.Context) (int, error)
}

type statusServer struct {
	pb.UnimplementedStatusServiceServer
	Deps
}

// GetStatus implements the API.
func (s *statusServer) GetStatus(
	ctx context.Context, _ *pb.GetStatusRequest,
) (*pb.GetStatusResponse, error) {
	q, err := s.Queue.Queue(ctx)
	if err != nil {
		return nil, err
	}
	suspects, err := s.OpenSuspects.Open(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	out := &pb.GetStatusResponse{
		Version: s.Server.Version, Model: s.Server.Model, Lexicon: s.Lexicons.Active().Lexicon().ID(),
		StartTime: timestamp(s.Server.Started), Uptime: durationpb.New(now.Sub(s.Server.Started)),
		RunningCount: int64(q.Running), OpenSuspectCount: int64(suspects),
		Waiting: each(q.Waiting, func(w recording.Waiting) *pb.GetStatusResponse_Waiting {
			return waitingToProto(w, now)
		}),
	}
	if s.Server.Pace != nil {
		out.Speech = s.Server.Pace.toProto(s.Server.Started, now)
	}
	if s.Server.Disk != nil {
		d, err := s.Server.Disk(ctx)
		if err != nil {
			return nil, err
		}
		out.Disk = &pb.GetStatusResponse_Disk{FreeBytes: d.Free, SizeBytes: d.Size, AudioBytes: d.Audio,
			DatabaseBytes: d.Database}
	}
	for _, p := range s.Server.Purposes {
		is := &pb.GetStatusResponse_Readiness{Purpose: p, Ready: true}
		if err := s.Server.Ready(p); err != nil {
			is.Ready, is.Reason = false, err.Error()
		}
		out.Readiness = append(out.Readiness, is)
	}
	for _, reason := range slices.Sorted(maps.Keys(q.Parked)) {
		out.Parked = append(out.Parked, &pb.GetStatusResponse_Parked{Reason: reason,
			Count: int64(q.Parked[reason])})
	}
	return out, nil
}

func waitingToProto(w recording.Waiting, now time.Time) *pb.GetStatusResponse_Waiting {
	out := &pb.GetStatusResponse_Waiting{Priority: priorityToProto[w.Priority],
		Count: int64(w.Count), Audio: durationpb.New(w.Audio)}
	if !w.Oldest.IsZero() {
		out.OldestAge = durationpb.New(w.Age(now))
	}
	return out
}
