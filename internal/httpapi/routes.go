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
	"github.com/refrain-asr/refrain/internal/httpapi/desk"
	"github.com/refrain-asr/refrain/internal/httpapi/openapi"
	"github.com/refrain-asr/refrain/internal/limit"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Guard knows who is asking.
type Guard interface {
	// Admit says who is asking, where the rule lets him make the request that is called what.
	Admit(ctx context.Context, c access.Caller, r access.Rule, what string) (access.Principal, error)
}

// Parts are what is served besides the API.
type Parts struct {
	Guard Guard
	// Metrics may be nil for GateHandler, which then serves none.
	Metrics http.Handler
	// AnswersTo tells whether the server may be asked by the name host.
	AnswersTo func(host string) bool
	Readiness Readiness
	Limits    Limits
	// People sign in; GateHandler needs nothing of it.
	People People
}

// route is an address and what serves it. Who may use it, package access says by the pattern: where it
// goes through the API that asks; what doesn't is asked here.
type route struct {
	pattern string
	serves  http.Handler
}

// routes are all addresses: the one table that the server is made of.
func routes(b *Bridge, rest *runtime.ServeMux, d *desk.Desk, p Parts) ([]route, error) {
	api, err := packed(withAsked(bodies{rest, p.Limits, maxRequest, maxValues}))
	if err != nil {
		return nil, err
	}
	calls := pb.NewCallServiceClient(b.conn)
	recordings := pb.NewRecordingServiceClient(b.conn)
	return slices.Concat([]route{
		{"/v1/", unkept(api)},
		{"POST " + uploadPath, unkept(uploads{recordings, rest})},
		{"GET /v1/recordings/{recording}/audio", only(partFields, audios{recordings}.get)},
		{"GET /v1/suspects/{suspect}/clip", only("hit around",
			clips{audios{recordings}, pb.NewReviewServiceClient(b.conn)}.get)},
		{"POST /report", readForm(only(reportFields, plainCalls{calls}.report))},
		{"GET /v1/calls/{call}/vcon", only("full_numbers with_audio reveal_reason",
			vcons{pb.NewExportServiceClient(b.conn)}.get)},
		{"POST /cdr/freeswitch", http.HandlerFunc(records{calls, p.Limits}.freeSWITCH)},
		{"GET /metrics", p.Metrics},
		{"GET /{$}", welcome(d)},
		{"GET /v1/openapi.json", only("", described)},
	}, deskRoutes(d), gateRoutes(b, rest, p.Limits), healthRoutes(p.Readiness), sessionRoutes(p.People, rest)), nil
}

// deskRoutes are the page that people review at, and what it consists of.
func deskRoutes(d *desk.Desk) []route {
	all := []route{{desk.Assets, http.HandlerFunc(d.Asset)}}
	for _, pattern := range desk.Pages {
		all = append(all, route{pattern, http.HandlerFunc(d.Page)})
	}
	return all
}

// gateMemory is for reservations as JSON while they are read and carried out, in bytes.
const gateMemory = 16 << 20

// gateRoutes are the gate in plain text, and reservations, whose bodies are small: they take nothing
// from what others share.
func gateRoutes(b *Bridge, rest *runtime.ServeMux, limits Limits) []route {
	gate := plain{pb.NewGateServiceClient(b.gate)}
	limits.Memory = limit.NewMemory(gateMemory)
	return []route{
		{"GET /check", only("number line agent at", gate.check)},
		{"POST /reserve", readForm(only(reserveFields, gate.reserve))},
		{"POST /v1/calls:reserve", unkept(withAsked(bodies{rest, limits, maxForm, maxGateValues}))},
	}
}

func healthRoutes(ready Readiness) []route {
	return []route{
		{"GET /healthz", http.HandlerFunc(alive)},
		{"GET /readyz", ready.handler("")},
		{"GET /readyz/{purpose}", http.HandlerFunc(ready.of)},
	}
}

// Handler serves the page, /v1/, the gate and reports of calls in plain text, call records of switches, /metrics,
// /healthz and /readyz. Requests must name a host that it answers to.
func Handler(ctx context.Context, b *Bridge, p Parts) (http.Handler, error) {
	rest := newREST()
	for _, register := range []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
		pb.RegisterRecordingServiceHandler, pb.RegisterReviewServiceHandler,
		pb.RegisterFreezeServiceHandler,
		pb.RegisterLexiconServiceHandler, pb.RegisterCallServiceHandler,
		pb.RegisterRuleServiceHandler, pb.RegisterReportServiceHandler,
		pb.RegisterStatusServiceHandler, pb.RegisterBatchServiceHandler,
		pb.RegisterRetentionServiceHandler, pb.RegisterPersonServiceHandler,
		pb.RegisterKeyServiceHandler, pb.RegisterUserServiceHandler, pb.RegisterAuditServiceHandler, pb.RegisterRevealServiceHandler,
	} {
		if err := register(ctx, rest, b.conn); err != nil {
			return nil, fmt.Errorf("map REST to the API: %w", err)
		}
	}
	if err := pb.RegisterGateServiceHandler(ctx, rest, b.gate); err != nil {
		return nil, fmt.Errorf("map REST to the gate: %w", err)
	}
	d, err := desk.New()
	if err != nil {
		return nil, err
	}
	all, err := routes(b, rest, d, p)
	if err != nil {
		return nil, err
	}
	mux, err := newMux(rest, all, p.Guard)
	if err == nil {
		err = allServed(all)
	}
	if err != nil {
		return nil, err
	}
	return outermost(mux, p), nil
}

// GateHandler serves what of Handler is the gate's, /healthz and /readyz, and the metrics where there are any. The bridge leads to a server
// that has the gate.
func GateHandler(ctx context.Context, b *Bridge, p Parts) (http.Handler, error) {
	rest := newREST()
	if err := pb.RegisterGateServiceHandler(ctx, rest, b.gate); err != nil {
		return nil, fmt.Errorf("map REST to the gate: %w", err)
	}
	all := slices.Concat([]route{{"/v1/", unkept(withAsked(bodies{rest, p.Limits, maxForm, maxGateValues}))}},
		gateRoutes(b, rest, p.Limits), healthRoutes(p.Readiness))
	if p.Metrics != nil {
		all = append(all, route{"GET /metrics", p.Metrics})
	}
	mux, err := newMux(rest, all, p.Guard)
	if err != nil {
		return nil, err
	}
	return outermost(mux, p), nil
}

// WorkerHandler serves /healthz, /readyz and /metrics. A worker knows no keys: whoever reaches it may read how much
// waits, and there is nothing of calls.
func WorkerHandler(p Parts) http.Handler {
	mux := http.NewServeMux()
	for _, r := range append(healthRoutes(p.Readiness), route{"GET /metrics", p.Metrics}) {
		mux.Handle(r.pattern, r.serves)
	}
	return patient(p.Limits.Idle, namedOnly(p.AnswersTo, mux))
}

// outermost is what every request goes through.
func outermost(mux *http.ServeMux, p Parts) http.Handler {
	return patient(p.Limits.Idle, namedOnly(p.AnswersTo,
		http.NewCrossOriginProtection().Handler(legible(plainActor(withCaller(mux))))))
}

// newMux serves the routes, each of which must have its rule.
func newMux(rest *runtime.ServeMux, all []route, g Guard) (*http.ServeMux, error) {
	mux := http.NewServeMux()
	var errs []error
	for _, r := range all {
		rule, ok := access.RouteOf(r.pattern)
		if !ok {
			errs = append(errs, fmt.Errorf("nothing says who may use %s: add it to access/table.go", r.pattern))
			continue
		}
		if rule.Via == "" && !rule.Open {
			r.serves = guarded(g, rest, rule, r)
		}
		mux.Handle(r.pattern, r.serves)
	}
	return mux, errors.Join(errs...)
}

// allServed finds rules for addresses that there are not.
func allServed(all []route) error {
	left := access.Routes()
	for _, r := range all {
		left = slices.DeleteFunc(left, func(pattern string) bool { return pattern == r.pattern })
	}
	if len(left) > 0 {
		return fmt.Errorf("access/table.go has rules for addresses that there are not: %q", left)
	}
	return nil
}

// unkept has nobody keep what next answers: it is about people.
func unkept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// described serves the description of the REST API.
func described(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openapi.Document) // whoever asked may be gone
}

func alive(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") }
