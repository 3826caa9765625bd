package grpcapi

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A client that gives up in the middle leaves nothing behind.
func TestBrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := s.Recordings.UploadRecording(ctx)
	require.NoError(t, err)
	m := &pb.RecordingMetadata{CallId: "call-1", Number: phone(1)}
	require.NoError(t, stream.Send(metadataMessage(m)))
	require.NoError(t, stream.Send(chunk(wav(20*8000))))
	cancel()
	require.Equal(t, codes.Canceled, status.Code(stream.RecvMsg(&pb.UploadRecordingResponse{})))
	s.stop() // waits for the call's end
	require.Zero(t, s.files(t))
	require.Zero(t, s.queue)
}
