package grpcapi

import (
	"github.com/refrain-asr/refrain/fault"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
	"github.com/refrain-asr/refrain/recording"
)

var priorityToProto = map[recording.Priority]pb.Priority{
	recording.Live:    pb.Priority_PRIORITY_LIVE,
	recording.Backlog: pb.Priority_PRIORITY_BACKLOG,
	recording.Rejudge: pb.Priority_PRIORITY_REJUDGE,
}

var priorityFromProto = map[pb.Priority]recording.Priority{
	pb.Priority_PRIORITY_UNSPECIFIED: recording.Live,
	pb.Priority_PRIORITY_LIVE:        recording.Live,
	pb.Priority_PRIORITY_BACKLOG:     recording.Backlog,
	pb.Priority_PRIORITY_REJUDGE:     recording.Rejudge,
}

// readPriority reads a recording's priority.
func readPriority(p pb.Priority, wrong *fault.Fields) recording.Priority {
	out, ok := priorityFromProto[p]
	if !ok {
		wrong.Add("priority", "is %d, which is no priority", p)
	}
	return out
}

// filterPriority reads that of a list; nil for all.
func filterPriority(p pb.Priority, wrong *fault.Fields) *recording.Priority {
	if p == pb.Priority_PRIORITY_UNSPECIFIED {
		return nil
	}
	out := readPriority(p, wrong)
	return &out
}
