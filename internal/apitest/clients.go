package apitest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Clients are those of all services. Dial makes them.
type Clients struct {
	Recordings pb.RecordingServiceClient
	Review     pb.ReviewServiceClient
	Freezes    pb.FreezeServiceClient
	Gate       pb.GateServiceClient
	Calls      pb.CallServiceClient
	Rules      pb.RuleServiceClient
	Lexicons   pb.LexiconServiceClient
	Reports    pb.ReportServiceClient
	Exports    pb.ExportServiceClient
	Status     pb.StatusServiceClient
	Batch      pb.BatchServiceClient
	Retention  pb.RetentionServiceClient
	People     pb.PersonServiceClient
	Keys       pb.KeyServiceClient
	Users      pb.UserServiceClient
	Audit      pb.AuditServiceClient
	Reveal     pb.RevealServiceClient
	// Conn is the connection that they share.
	Conn *grpc.ClientConn
}

// Dial connects to a server until the test ends, without TLS where o doesn't say otherwise.
func Dial(tb testing.TB, target string, o ...grpc.DialOption) *Clients {
	tb.Helper()
	o = append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, o...)
	conn, err := grpc.NewClient(target, o...)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close() })
	return &Clients{
		Recordings: pb.NewRecordingServiceClient(conn), Review: pb.NewReviewServiceClient(conn),
		Freezes: pb.NewFreezeServiceClient(conn), Gate: pb.NewGateServiceClient(conn),
		Calls: pb.NewCallServiceClient(conn), Rules: pb.NewRuleServiceClient(conn),
		Lexicons: pb.NewLexiconServiceClient(conn), Reports: pb.NewReportServiceClient(conn),
		Exports: pb.NewExportServiceClient(conn), Status: pb.NewStatusServiceClient(conn),
		Batch: pb.NewBatchServiceClient(conn), Keys: pb.NewKeyServiceClient(conn),
		Audit: pb.NewAuditServiceClient(conn), Reveal: pb.NewRevealServiceClient(conn), Conn: conn,
		Retention: pb.NewRetentionServiceClient(conn), People: pb.NewPersonServiceClient(conn),
		Users: pb.NewUserServiceClient(conn),
	}
}

// As says who acts.
func As(ctx context.Context, name string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "refrain-actor", name)
}

// With adds metadata.
func With(ctx context.Context, key, value string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, key, value)
}

// WithKey sends a key's token.
func WithKey(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// Reason is the reason that an error of the API gives, "" for none.
func Reason(err error) string {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// Sum is the checksum of a recording, as its metadata may give it.
func Sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// uploadChunk is how much of a recording goes into a message.
const uploadChunk = 128 << 10

// Upload sends a recording as a recorder would.
func (c *Clients) Upload(
	ctx context.Context, m *pb.RecordingMetadata, body io.Reader,
) (*pb.UploadRecordingResponse, error) {
	stream, err := c.Recordings.UploadRecording(ctx)
	if err != nil {
		return nil, err
	}
	first := &pb.UploadRecordingRequest_Metadata{Metadata: m}
	if err := stream.Send(&pb.UploadRecordingRequest{Payload: first}); err != nil {
		return nil, err
	}
	buf := make([]byte, uploadChunk)
	for {
		n, err := io.ReadFull(body, buf)
		if n > 0 {
			chunk := &pb.UploadRecordingRequest_Chunk{Chunk: buf[:n]}
			if stream.Send(&pb.UploadRecordingRequest{Payload: chunk}) != nil {
				break // the server has answered already
			}
		}
		if err != nil {
			break
		}
	}
	return stream.CloseAndRecv()
}
