package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/test/bufconn"

	"github.com/refrain-asr/refrain/internal/httpapi/desk"
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
	maxMessage = 4 << 20
	maxAnswer  = 256 << 20
	maxForm    = 64 << 10
)

// How many values a body of JSON may hold. A thousand calls hold some 20,000.
const (
	maxValues     = 100_000
	maxGateValues = 100
)

// uploadPath is where recordings are sent to.
const uploadPath = "/v1/recordings"

// connections is how many the bridge has for the gate, and for the rest: the API takes some 256 calls
// on each.
const connections = 8

// inTurn has gRPC use all connections.
const inTurn = `{"loadBalancingConfig":[{"round_robin":{}}]}`

// severalWays resolves to so many addresses, all of which are this process.
func severalWays() *manual.Resolver {
	r, s := manual.NewBuilderWithScheme("refrain"), resolver.State{}
	for n := range connections {
		s.Addresses = append(s.Addresses, resolver.Address{Addr: "in-process-" + strconv.Itoa(n)})
	}
	r.InitialState(s)
	return r
}

// Bridge carries REST calls to the API inside the process, so that they are
// checked and answered as if they had come over gRPC.
//
// The gate has connections of its own: on one, calls wait for each other where there are too many.
type Bridge struct {
	listener   *bufconn.Listener
	conn, gate *grpc.ClientConn
}

// NewBridge makes a bridge. The gRPC server must serve its Listener.
func NewBridge() (*Bridge, error) {
	b := &Bridge{listener: bufconn.Listen(bufferSize)}
	for _, conn := range []**grpc.ClientConn{&b.conn, &b.gate} {
		var err error
		several := severalWays()
		*conn, err = grpc.NewClient(several.Scheme()+":///in-process",
			grpc.WithResolvers(several), grpc.WithDefaultServiceConfig(inTurn),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
			grpc.WithChainUnaryInterceptor(refuseUnknown, tellCaller),
			grpc.WithChainStreamInterceptor(refuseUnknownInStream, tellCallerInStream),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				return b.listener.DialContext(ctx)
			}))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("connect REST to the API: %w", err), b.Close())
		}
	}
	return b, nil
}

// Listener is where the gRPC server meets the bridge.
func (b *Bridge) Listener() net.Listener { return b.listener }

// Close ends the bridge.
func (b *Bridge) Close() error {
	var errs []error
	for _, conn := range []*grpc.ClientConn{b.conn, b.gate} {
		if conn != nil {
			errs = append(errs, conn.Close())
		}
	}
	return errors.Join(errs...)
}

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
		runtime.WithRoutingErrorHandler(notHere), runtime.WithErrorHandler(failREST),
	)
}

// welcome answers browsers with the page, and whoever asks for no HTML, as curl does, with what there is.
func welcome(d *desk.Desk) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept")
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			d.Page(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = fmt.Fprint(w, `This is Refrain. Open this address in a browser to review suspects; there are, too:
  GET  /check?number=N      may this number be called? in plain text
  POST /reserve, /report    reserve and report a call, with a form
  POST /v1/recordings       send a recording; GET /v1/recordings/ID/audio gives its file
  GET  /v1/status           what waits; the API as REST is under /v1/
  GET  /metrics, /healthz, /readyz
`) // whoever asked may be gone
	}
}

// namedOnly refuses requests that name another host than this server is: a web page
// whose name was made to point here would otherwise read the API in its visitor's
// browser.
func namedOnly(answersTo func(host string) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !answersTo(strings.Trim(host, "[]")) {
			http.Error(w, "error: this server answers only to localhost, and with TLS to the names of its "+
				"certificate and tls.hosts", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
