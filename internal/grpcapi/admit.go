package grpcapi

import (
	"context"
	"net"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/request"
)

// Metadata by which REST, which comes by a connection inside the process, says where a request came
// from, and that it came from this machine. From elsewhere they count for nothing.
const (
	FromKey  = "refrain-from"
	LocalKey = "refrain-local"
	// SessionKey is what the cookie of somebody who signed in holds, CSRFKey what was sent beside it;
	// ReadsKey tells that the request's method is one that changes nothing.
	SessionKey = "refrain-session"
	CSRFKey    = "refrain-csrf"
	ReadsKey   = "refrain-reads"
)

// AdminSocket is where requests came from that came by the admin socket.
const AdminSocket = "admin socket"

// Guard knows who is asking.
type Guard interface {
	// Admit says who is asking, where the rule lets him make the request that is called what.
	Admit(ctx context.Context, c access.Caller, r access.Rule, what string) (access.Principal, error)
	Readmits
	// Refused has it recorded that somebody who was let in was refused.
	Refused(ctx context.Context, p access.Principal, what string, err error)
	// Open tells that there is neither a key nor anybody who signs in yet.
	Open() bool
}

// Readmits tells whether whoever was let in may go on.
type Readmits interface {
	// Readmit refuses who may not, and has that recorded.
	Readmit(ctx context.Context, c access.Caller, r access.Rule, what string, before access.Principal) error
	// Changed is closed when Readmit may say something else than when it was asked for; what ends by time ends
	// without it.
	Changed() <-chan struct{}
}

// admit finds out who is asking, and whether he may. What has no rule nobody may ask.
func (d *Deps) admit(ctx context.Context, method string) (context.Context, access.Rule, error) {
	rpc := strings.TrimPrefix(method, "/")
	rule, ok := access.RuleOf(rpc)
	if !ok {
		return ctx, rule, &fault.Error{Op: "access.Admit", Kind: fault.Forbidden, Reason: "NOT_PERMITTED",
			Message: "nobody may call " + rpc}
	}
	p, err := d.Guard.Admit(ctx, callerOf(ctx), rule, rpc)
	return request.ForLines(access.With(ctx, p), p.Lines), rule, err
}

// refused has it recorded where a method that was admitted was forbidden all the same.
func (d *Deps) refused(ctx context.Context, method string, err error) {
	if err != nil {
		p, _ := access.Of(ctx)
		d.Guard.Refused(ctx, p, strings.TrimPrefix(method, "/"), err)
	}
}

// callerOf is what a request tells of who makes it.
func callerOf(ctx context.Context) access.Caller {
	// all at once: a look for what is not there goes through everything
	md, _ := metadata.FromIncomingContext(ctx)
	c := access.Caller{Authorization: first(md["authorization"])}
	c.Actor, _ = parseActor(first(md[ActorKey])) // what is wrong with it, actor says where one is needed
	who, ok := peer.FromContext(ctx)
	if !ok {
		return c
	}
	switch addr := who.Addr.(type) {
	case *net.TCPAddr:
		c.From = addr.IP.String()
		// whoever shows a key is known by it, and who asks most does: a dialler
		c.Local = c.Authorization == "" && addr.IP.IsLoopback() && access.ThisMachine(first(md[":authority"])) &&
			!access.Forwarded(func(header string) bool { return len(md[header]) > 0 })
	case *net.UnixAddr:
		c.From, c.Socket = AdminSocket, true
	default: // from within the process: REST, which says where its request came from
		c.From = first(md[FromKey])
		c.Local = c.From == "" || first(md[LocalKey]) != ""
		c.Session, c.CSRF, c.Reads = first(md[SessionKey]), first(md[CSRFKey]), first(md[ReadsKey]) != ""
	}
	return c
}

// one is the first value of a metadata key, "" for none.
func one(ctx context.Context, key string) string {
	return first(metadata.ValueFromIncomingContext(ctx, key))
}

func first(values []string) string {
	if len(values) > 0 {
		return values[0]
	}
	return ""
}
