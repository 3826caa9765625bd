package client

import (
	"cmp"
	"context"
	"net"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/internal/datadir"
)

// DataFlag adds --data: the server is then reached by its admin socket, which needs no key.
func (f *Flags) DataFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&f.Data, "data", "", "the server's data `directory`: its owner gets in by "+
		"the admin socket there, without a key")
}

// target is what gRPC is to connect to, and how.
func (f *Flags) target() (string, []grpc.DialOption) {
	if f.Data == "" {
		return f.Server, nil
	}
	return "passthrough:///localhost", []grpc.DialOption{grpc.WithContextDialer(f.dialSocket)}
}

// at is where the server is, for messages.
func (f *Flags) at() string { return cmp.Or(f.Data, f.Server) }

func (f *Flags) dialSocket(ctx context.Context, _ string) (net.Conn, error) {
	path, done, err := datadir.SocketPath(f.Data)
	if err != nil {
		return nil, err
	}
	defer done()
	var d net.Dialer
	return d.DialContext(ctx, "unix", path)
}
