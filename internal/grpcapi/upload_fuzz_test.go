package grpcapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func (b *bench) files(tb testing.TB) int {
	tb.Helper()
	n := 0
	require.NoError(tb, filepath.WalkDir(b.cfg.Path("audio"),
		func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				n++
			}
			return err
		}))
	return n
}

// messages reads fuzz input as an upload: each message has two bytes of length
// before it. What is no message is a chunk.
func messages(data []byte) []*pb.UploadRecordingRequest {
	var out []*pb.UploadRecordingRequest
	for len(data) >= 2 && len(out) < 64 {
		n := min(int(data[0])<<8|int(data[1]), len(data)-2)
		m := &pb.UploadRecordingRequest{}
		if proto.Unmarshal(data[2:2+n], m) != nil || m.Payload == nil {
			m = chunk(data[2 : 2+n])
		}
		out, data = append(out, m), data[2+n:]
	}
	return out
}

func frame(ms ...*pb.UploadRecordingRequest) []byte {
	var out []byte
	for _, m := range ms {
		b, err := proto.Marshal(m)
		if err != nil {
			panic(err)
		}
		out = append(append(out, byte(len(b)>>8), byte(len(b))), b...)
	}
	return out
}

func metadataMessage(m *pb.RecordingMetadata) *pb.UploadRecordingRequest {
	return &pb.UploadRecordingRequest{Payload: &pb.UploadRecordingRequest_Metadata{Metadata: m}}
}

func chunk(b []byte) *pb.UploadRecordingRequest {
	return &pb.UploadRecordingRequest{Payload: &pb.UploadRecordingRequest_Chunk{Chunk: b}}
}

// wav is a small recording: 8 kHz, A-law, two channels that differ.
func wav(frames int) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00" +
		"\x06\x00\x02\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x08\x00" +
		"data\xff\xff\xff\xff")
	for i := range frames {
		b = append(b, byte(i), byte(3*i+1))
	}
	return b
}

// FuzzUpload sends streams of arbitrary messages. An upload is either acknowledged,
// and then there with all its bytes and one job, or refused, and then leaves nothing
// at all; the server never fails by itself.
func FuzzUpload(f *testing.F) {
	good := &pb.RecordingMetadata{CallId: "c", Number: "13800138000"}
	f.Add(frame(metadataMessage(good), chunk(wav(400))))
	f.Add(frame(metadataMessage(good), chunk(wav(400)[:44]), chunk(nil), chunk(wav(400)[44:])))
	f.Add(frame(metadataMessage(good), chunk(wav(400)[:30])))
	f.Add(frame(metadataMessage(good)))
	f.Add(frame(chunk(wav(10))))
	f.Add(frame(metadataMessage(good), metadataMessage(good)))
	f.Add(frame(metadataMessage(&pb.RecordingMetadata{CallId: "c\x00", Number: "12",
		CustomerChannel: 9, Sha256: "zz"}), chunk([]byte("ID3"))))
	f.Add([]byte{})
	b := newBench(f)
	client := b.Recordings
	call := 0
	f.Fuzz(func(t *testing.T, data []byte) {
		call++
		var body []byte
		files, queued := b.files(t), b.queue
		ms := messages(data)
		for i, m := range ms {
			if meta := m.GetMetadata(); meta != nil && i == 0 && meta.GetCallId() == "c" {
				meta.CallId = fmt.Sprintf("c%d", call) // a new recording each time
			}
			body = append(body, m.GetChunk()...)
		}
		resp, err := uploadMessages(t, client, ms)
		if err != nil {
			require.Contains(t, []codes.Code{codes.InvalidArgument, codes.AlreadyExists},
				status.Code(err), "%v", err)
			require.Equal(t, files, b.files(t), "a refused upload left a file")
			require.Equal(t, queued, b.queue, "a refused upload left a job")
			return
		}
		sum := sha256.Sum256(body)
		require.Equal(t, hex.EncodeToString(sum[:]), resp.GetRecording().GetSha256())
		require.EqualValues(t, len(body), resp.GetRecording().GetSizeBytes())
		if !resp.GetDuplicate() {
			require.Equal(t, files+1, b.files(t))
			require.Equal(t, queued+1, b.queue)
		}
	})
}

func uploadMessages(
	t *testing.T, client pb.RecordingServiceClient, ms []*pb.UploadRecordingRequest,
) (*pb.UploadRecordingResponse, error) {
	t.Helper()
	stream, err := client.UploadRecording(t.Context())
	require.NoError(t, err)
	for _, m := range ms {
		if stream.Send(m) != nil {
			break // answered already
		}
	}
	return stream.CloseAndRecv()
}
