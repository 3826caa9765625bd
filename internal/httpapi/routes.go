package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/access"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Guard knows who is asking.
type Guard interface {
	// Admit says who is asking, where the rule lets him make the request that is called what.
	Admit(ctx context.Context, c access.Caller, r access.Rule, what string) (access.Principal, error)
}

// Parts are what is served besides the API.
type Parts struct {
	Guard   Guard
	Metrics http.Handler
	// Ready is asked by /readyz, which adds Notes, a line each, on what does not work as it should.
	Ready Ready
	Notes func() []string
}

// route is an address and what serves it. Who may use it, package access says by the pattern: where it
// goes through the API that asks; what doesn't is asked here.
type route struct {
	pattern string
	serves  http.Handler
}

// routes are all addresses: the one table that the server is made of.
func routes(b *Bridge, rest *runtime.ServeMux, p Parts) []route {
	gate := plain{pb.NewGateServiceClient(b.conn)}
	calls := pb.NewCallServiceClient(b.conn)
	return []route{
		{"/v1/", withAsked(http.MaxBytesHandler(rest, maxRequest))},
		{"POST /v1/recordings", uploads{pb.NewRecordingServiceClient(b.conn), rest}},
		{"GET /check", only("number line agent at", gate.check)},
		{"POST /reserve", readForm(only(reserveFields, gate.reserve))},
		{"POST /report", readForm(only(reportFields, plainCalls{calls}.report))},
		{"GET /v1/calls/{call}/vcon", only("full_numbers with_audio reveal_reason",
			vcons{pb.NewExportServiceClient(b.conn)}.get)},
		{"POST /cdr/freeswitch", http.HandlerFunc(records{calls}.freeSWITCH)},
		{"GET /metrics", p.Metrics},
		{"GET /{$}", http.HandlerFunc(welcome)},
		{"GET /healthz", http.HandlerFunc(alive)},
		{"GET /readyz", http.HandlerFunc(p.readyz)},
	}
}

// Handler serves /v1/, the gate and reports of calls in plain text, call records of switches, /metrics,
// /healthz and /readyz.
func Handler(ctx context.Context, b *Bridge, p Parts) (http.Handler, error) {
	rest := newREST()
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		pb.RegisterRecordingServiceHandler, pb.RegisterReviewServiceHandler,
		pb.RegisterFreezeServiceHandler, pb.RegisterGateServiceHandler,
		pb.RegisterLexiconServiceHandler, pb.RegisterCallServiceHandler,
		pb.RegisterRuleServiceHandler, pb.RegisterReportServiceHandler,
		pb.RegisterStatusServiceHandler, pb.RegisterBatchServiceHandler,
		pb.RegisterKeyServiceHandler, pb.RegisterAuditServiceHandler, pb.RegisterRevealServiceHandler,
	} {
		if err := register(ctx, rest, b.conn); err != nil {
			return nil, fmt.Errorf("map REST to the API: %w", err)
		}
	}
	mux, err := newMux(routes(b, rest, p), p.Guard)
	if err != nil {
		return nil, err
	}
	return localOnly(http.NewCrossOriginProtection().Handler(legible(plainActor(withCaller(mux))))), nil
}

// newMux serves the routes, each of which must have its rule, and each rule its route.
func newMux(all []route, g Guard) (*http.ServeMux, error) {
	mux := http.NewServeMux()
	var errs []error
	left := access.Routes()
	for _, r := range all {
		rule, ok := access.RouteOf(r.pattern)
		if !ok {
			errs = append(errs, fmt.Errorf("nothing says who may use %s: add it to access/table.go", r.pattern))
			continue
		}
		left = slices.DeleteFunc(left, func(pattern string) bool { return pattern == r.pattern })
		if rule.Via == "" && !rule.Open {
			r.serves = guarded(g, rule, r)
		}
		mux.Handle(r.pattern, r.serves)
	}
	if len(left) > 0 {
		errs = append(errs, fmt.Errorf("access/table.go has rules for addresses that there are not: %q", left))
	}
	return mux, errors.Join(errs...)
}

func alive(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") }

func (p Parts) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := p.Ready(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = fmt.Fprintln(w, "ready")
	for _, note := range p.Notes() {
		_, _ = fmt.Fprintln(w, "warning: "+note)
	}
}
