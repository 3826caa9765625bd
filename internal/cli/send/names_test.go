package send

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/naming"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// All that a name tells of a call is sent.
func TestTell(t *testing.T) {
	t.Parallel()
	var m pb.RecordingMetadata
	require.NoError(t, tell(&m, naming.Facts{CallID: "c1", Part: "a", Number: "13800138000", Agent: "8001",
		Line: "loans", Source: "pbx"}))
	require.Equal(t, []string{"c1", "a", "13800138000", "8001", "loans", "pbx"},
		[]string{m.GetCallId(), m.GetPart(), m.GetNumber(), m.GetAgent(), m.GetLine(), m.GetSource()})
}
