package httpapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/rpcstatus"
)

// Metadata by which the API hears who is asking, which it believes of this connection only.
const (
	authorizationKey = "authorization"
	fromKey          = "refrain-from"
	localKey         = "refrain-local"
	sessionKey       = "refrain-session"
	csrfKey          = "refrain-csrf"
	readsKey         = "refrain-reads"
)

type callerKey struct{}

// withCaller notes who is asking, for the API and for what doesn't go through it.
func withCaller(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, callerOf(r))))
	})
}

// callerOf is what a request tells of who makes it. One by HTTP/1.0 is taken for a proxy's: nginx speaks
// that with what is behind it unless told otherwise, and says nothing else of itself.
func callerOf(r *http.Request) access.Caller {
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		from = r.RemoteAddr
	}
	ip := net.ParseIP(from)
	c := access.Caller{Authorization: r.Header.Get("Authorization"), From: from, Session: sessionOf(r),
		CSRF: token(r.Header.Get(CSRFHeader)), Reads: reads(r)}
	if strings.ContainsFunc(c.Authorization, func(c rune) bool { return c < ' ' || c > '~' }) {
		c.Authorization = "?" // which is no key either, and can be passed on
	}
	// Another page can't see the answer, but what is recorded of a request would be told of who signed in.
	if site := r.Header.Get("Sec-Fetch-Site"); site == "same-site" || site == "cross-site" {
		c.Session = ""
	}
	if name, err := url.PathUnescape(r.Header.Get(ActorHeader)); err == nil {
		c.Actor = name
	}
	c.Local = ip != nil && ip.IsLoopback() && r.ProtoAtLeast(1, 1) && access.ThisMachine(r.Host) &&
		!access.Forwarded(func(header string) bool { return len(r.Header.Values(header)) > 0 })
	return c
}

// tellAPI puts into the metadata who is asking, in place of whatever a request says there by itself.
func tellAPI(ctx context.Context) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	if md == nil {
		md = metadata.MD{}
	}
	c, ok := ctx.Value(callerKey{}).(access.Caller)
	if !ok {
		c.From = "unknown"
	}
	for _, told := range [...][2]string{{fromKey, c.From}, {authorizationKey, c.Authorization},
		{localKey, yes(c.Local)}, {sessionKey, c.Session}, {csrfKey, c.CSRF}, {readsKey, yes(c.Reads)}} {
		md.Delete(told[0])
		if told[1] != "" {
			md.Set(told[0], told[1])
		}
	}
	return metadata.NewOutgoingContext(ctx, md)
}

func yes(is bool) string {
	if is {
		return "1"
	}
	return ""
}

func tellCaller(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker,
	opts ...grpc.CallOption,
) error {
	return call(tellAPI(ctx), method, req, reply, cc, opts...)
}

func tellCallerInStream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer,
	opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	return open(tellAPI(ctx), desc, cc, method, opts...)
}

// guarded lets only those have what a route serves whom its rule lets.
func guarded(g Guard, rest *runtime.ServeMux, rule access.Rule, r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c, _ := req.Context().Value(callerKey{}).(access.Caller)
		p, err := g.Admit(req.Context(), c, rule, r.pattern)
		if err != nil {
			refuse(w, req, rest, err)
			return
		}
		r.serves.ServeHTTP(w, req.WithContext(access.With(req.Context(), p)))
	})
}

// refuse answers whoever is not let in: under /v1/ as REST does, and else in plain text.
func refuse(w http.ResponseWriter, r *http.Request, rest *runtime.ServeMux, err error) {
	code, message := http.StatusInternalServerError, "internal error"
	if e, ok := errors.AsType[*fault.Error](err); ok {
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			failREST(r.Context(), rest, newJSON(), w, r, rpcstatus.Of(e))
			return
		}
		message = e.Message
		switch e.Kind {
		case fault.Unauthenticated:
			code = http.StatusUnauthorized
			w.Header().Set("WWW-Authenticate", "Bearer")
		case fault.Forbidden:
			code = http.StatusForbidden
		default:
		}
	}
	http.Error(w, "error: "+message, code)
}
