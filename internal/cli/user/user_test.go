package user

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/internal/cli/client"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// listed is a server that knows these people.
type listed struct {
	pb.UserServiceClient
	users []*pb.User
}

func (l listed) ListUsers(
	context.Context, *pb.ListUsersRequest, ...grpc.CallOption,
) (*pb.ListUsersResponse, error) {
	return &pb.ListUsersResponse{Users: l.users}, nil
}

// Whose role is changed keeps his lines, which a role alone must not widen to all.
func TestLinesAreKept(t *testing.T) {
	t.Parallel()
	cl := &client.Client{Users: listed{users: []*pb.User{{Name: "users/li"},
		{Name: "users/wang", Lines: []string{"loans", "cards"}}}}}
	for name, want := range map[string]string{"users/li": "all lines", "users/wang": "the lines loans, cards",
		"users/nobody": "all lines"} {
		lines, err := linesOf(t.Context(), cl, name)
		require.NoError(t, err)
		require.Equal(t, want, linesText(&pb.User{Lines: lines}), name)
	}
}
