package transcript

import (
	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Track is what the server heard on a track, in JSON.
type Track struct {
	Track     string `json:"track"`
	Model     string `json:"model"`
	DemoModel bool   `json:"demo_model"`
	Engine    string `json:"engine"`
	Said
}

// NewTrack is what the server heard on a track; nil where it heard none.
func NewTrack(t *pb.Transcript) *Track {
	if t == nil {
		return nil
	}
	return &Track{Track: output.EnumName(t.GetSide(), "SIDE_"), Model: t.GetModel(),
		DemoModel: t.GetDemoModel(), Engine: t.GetEngine(), Said: RemoteSaid(t)}
}

// RemoteText is what the server heard, for people, with the hits marked and explained. Agent is nil
// where that side was not heard.
func RemoteText(customer, agent *pb.Transcript, hits []*pb.Hit) []string {
	var other *Said
	if agent != nil {
		heard := RemoteSaid(agent)
		other = &heard
	}
	lines := NewDialogue(RemoteSaid(customer).Segments, other, func(i int) ([]Mark, []Hit) {
		return foundIn(hits, i)
	}).Text()
	if len(lines) == 0 {
		return []string{Silence}
	}
	return lines
}

// foundIn are the hits in the customer's segment i.
func foundIn(hits []*pb.Hit, i int) (marks []Mark, found []Hit) {
	var in []*pb.Hit
	for _, h := range hits {
		if int(h.GetSegment()) == i {
			marks, in = append(marks, MarkOf(h)), append(in, h)
		}
	}
	return marks, RemoteHits(in)
}
