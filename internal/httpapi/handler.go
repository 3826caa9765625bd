package httpapi

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/refrain-asr/refrain/access"
)

// ActorHeader says who acts; the API's metadata "refrain-actor". A page from
// elsewhere can't send it without the browser asking this server first, which does
// not agree.
const ActorHeader = "Refrain-Actor"

// bufferSize of the pipe between REST and the API, in bytes.
const bufferSize = 1 << 20

// Limits of messages over REST, in bytes. Requests may be twice what the API takes as
// protobuf, because JSON is wordier. Answers are the server's own: the transcript of a
// recording of many hours is larger than the 4 MiB that gRPC allows by default.
const (
	maxRequest = 8 << 20
	maxAnswer  = 256 << 20
	maxForm    = 64 << 10
)

// Ready tells why the server is not ready to serve, nil when it is.
type Ready func() error

// Bridge carries REST calls to the API inside the process, so that they are
// checked and answered as if they had come over gRPC.
type Bridge struct {
	listener *bufconn.Listener
	conn     *grpc.ClientConn
}

// NewBridge makes a bridge. The gRPC server must serve its Listener.
func NewBridge() (*Bridge, error) {
	l := bufconn.Listen(bufferSize)
	conn, err := grpc.NewClient("passthrough:///in-process",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithChainUnaryInterceptor(refuseUnknown, tellCaller),
		grpc.WithChainStreamInterceptor(refuseUnknownInStream, tellCallerInStream),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return l.DialContext(ctx)
		}))
	if err != nil {
		return nil, fmt.Errorf("connect REST to the API: %w", err)
	}
	return &Bridge{l, conn}, nil
}

// Listener is where the gRPC server meets the bridge.
func (b *Bridge) Listener() net.Listener { return b.listener }

// Close ends the bridge.
func (b *Bridge) Close() error { return b.conn.Close() }

// newREST maps REST to the API's requests. A POST with a form, which is what curl sends, is a
// POST, and not the GET that the gateway would make of it.
func newREST() *runtime.ServeMux {
	return runtime.NewServeMux(
		runtime.WithIncomingHeaderMatcher(func(key string) (string, bool) {
			if strings.EqualFold(key, ActorHeader) {
				return "refrain-actor", true
			}
			return runtime.DefaultHeaderMatcher(key)
		}),
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.HTTPBodyMarshaler{Marshaler: newJSON()}),
		runtime.WithDisablePathLengthFallback(), runtime.WithDisableHTTPMethodOverride(),
		runtime.WithRoutingErrorHandler(notHere),
	)
}

// welcome answers whoever looks at what is here.
func welcome(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprint(w, `This is Refrain. There is no page here yet; there are:
  GET  /check?number=N      may this number be called? in plain text
  POST /reserve, /report    reserve and report a call, with a form
  POST /v1/recordings       send a recording
  GET  /v1/status           what waits; the API as REST is under /v1/
  GET  /metrics, /healthz, /readyz
`) // whoever asked may be gone
}

// localOnly refuses requests that name another host than this machine: a web page
// whose name was made to point here would otherwise read the API in its visitor's
// browser.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !access.ThisMachine(r.Host) {
			http.Error(w, "error: this server answers only to localhost",
				http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
