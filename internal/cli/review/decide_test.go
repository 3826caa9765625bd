package review

import (
	"testing"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// An appeal is told where its decision stands, and a suspect that is open again is said to be so.
func TestDecisionText(t *testing.T) {
	t.Parallel()
	appeal := &pb.Appeal{Actor: "boss", State: pb.Appeal_STATE_OPEN}
	for _, tt := range []struct {
		s    *pb.Suspect
		want string
	}{
		{&pb.Suspect{Decision: &pb.Decision{Verdict: pb.Decision_VERDICT_CONFIRMED, Class: "no_need"}, Appeal: appeal},
			"s1 is confirmed as no_need, and appealed by boss: somebody else will decide"},
		{&pb.Suspect{Decision: &pb.Decision{Verdict: pb.Decision_VERDICT_DISMISSED}, Appeal: appeal}, "s1 is dismissed"},
		{&pb.Suspect{State: pb.Suspect_STATE_OPEN, Round: 2, Appeal: appeal}, "s1 is open again, in round 2"},
	} {
		tt.s.Name = "suspects/s1"
		require.Equal(t, tt.want, DecisionText(tt.s))
	}
}
