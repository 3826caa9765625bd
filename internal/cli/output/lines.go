package output

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Release is why something stands no longer, as JSON.
type Release struct {
	Actor      string  `json:"actor"`
	ReleasedAt *string `json:"released_at"`
	Reason     string  `json:"reason"`
	Cause      string  `json:"cause"`
}

// NewRelease is a release of the server's as JSON; nil where r is.
func NewRelease(r *pb.Release) *Release {
	if r == nil {
		return nil
	}
	return &Release{r.GetActor(), JSONTime(r.GetReleaseTime()), r.GetReason(), r.GetCause()}
}

// Problem is a finding in a file of rules or a lexicon as JSON. Its kind is problem or hint:
// with hints alone the file can be used.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// Activation is when, and by whom, a version of the rules or a lexicon came into force, as JSON.
type Activation struct {
	Version string  `json:"version"`
	Active  bool    `json:"active"`
	Time    *string `json:"time"`
	Actor   string  `json:"actor"`
}

// NewActivation is the activation of a version as JSON.
func NewActivation(
	version string, active bool, at *timestamppb.Timestamp, actor string,
) Activation {
	return Activation{version, active, JSONTime(at), actor}
}
