package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/internal/rpcstatus"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// SignIns let people in and out.
type SignIns interface {
	// SignIn begins a session.
	SignIn(ctx context.Context, c access.Credentials) (access.Entered, error)
	// SignInExternal begins a session of whom a provider vouches for, which vouch asks.
	SignInExternal(ctx context.Context, from string, vouch func(context.Context) (access.External, error)) (
		access.Entered, error)
	// SignOut ends the session of a token, or with everywhere all of its owner's.
	SignOut(ctx context.Context, p access.Principal, token string, everywhere bool) error
	// Ends is when the session of a token ends however it is used; ok is false where there is none.
	Ends(token string) (at time.Time, ok bool)
}

// Provider vouches for people: one of OpenID Connect.
type Provider interface {
	// Begin is where a browser is to be sent, which comes back to the address callback, and what it must
	// keep until then.
	Begin(ctx context.Context, callback string) (address, kept string, err error)
	// Finish says whom the provider vouches for, by what the browser came back with and what it kept.
	Finish(ctx context.Context, callback, kept string, q url.Values) (access.External, error)
}

// People are what is needed to let people sign in.
type People struct {
	SignIns SignIns
	// Provider is nil where there is none.
	Provider Provider
	// Public is by which address browsers ask this server, nil where it is the one that it is asked by.
	Public *url.URL
	// Explain makes a fault of an error that isn't one, where it can; it may return nil.
	Explain func(error) *fault.Error
	Logger  *slog.Logger
}

// maxSignIn is the largest body of a sign-in, in bytes.
const maxSignIn = 4 << 10

// callbackPath is where a provider sends browsers back to.
const callbackPath = "/v1/sessions/oidc/callback"

// sessions serves signing in and out, by cookies.
type sessions struct {
	People
	rest *runtime.ServeMux
}

func sessionRoutes(p People, rest *runtime.ServeMux) []route {
	s := sessions{p, rest}
	return []route{
		{"POST /v1/sessions", http.HandlerFunc(s.signIn)},
		{"GET /v1/sessions/current", only("", s.current)},
		{"DELETE /v1/sessions/current", only("", s.signOut(false))},
		{"DELETE /v1/sessions", only("", s.signOut(true))},
		{"GET /v1/sessions/oidc", only("", s.begin)},
		{"GET " + callbackPath, http.HandlerFunc(s.finish)},
	}
}

// signIn answers POST /v1/sessions.
func (s sessions) signIn(w http.ResponseWriter, r *http.Request) {
	req, err := readSignIn(w, r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	e, err := s.SignIns.SignIn(r.Context(), access.Credentials{Name: req.GetName(), Password: req.GetPassword(),
		Code: req.GetCode(), From: callerOf(r).From, Device: cookieOf(r, deviceCookie)})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.enter(w, r, e)
	s.answer(w, r, &pb.Session{Name: e.User.Name, Role: roleToProto(e.User.Role), Lines: e.User.Lines,
		CsrfToken: access.CSRF(e.Token), EndTime: timestamppb.New(e.Ends), Reveals: access.MayReveal(e.User.Role)})
}

// readSignIn reads a body of JSON, which a form of another site's can't be.
func readSignIn(w http.ResponseWriter, r *http.Request) (*pb.SignIn, error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, withStatus(http.StatusUnsupportedMediaType, codes.InvalidArgument, "INVALID_REQUEST",
			"the body must be JSON: send Content-Type: application/json")
	}
	var req pb.SignIn
	err := newJSON().NewDecoder(http.MaxBytesReader(w, r.Body, maxSignIn)).Decode(&req)
	if err != nil { // which may hold a password, and so is not told
		return nil, withStatus(http.StatusBadRequest, codes.InvalidArgument, "INVALID_REQUEST", fmt.Sprintf(
			"the body must be JSON with name, password and code, of at most %d bytes", maxSignIn))
	}
	if req.GetName() == "" || req.GetPassword() == "" {
		return nil, refusal("name", "and password must be given")
	}
	return &req, nil
}

// enter has the browser keep what it is known by.
func (sessions) enter(w http.ResponseWriter, r *http.Request, e access.Entered) {
	setCookie(w, r, sessionCookie, e.Token, e.Lasts, http.SameSiteStrictMode)
	if e.Device != "" {
		setCookie(w, r, deviceCookie, e.Device, deviceKept, http.SameSiteStrictMode)
	}
}

// current answers GET /v1/sessions/current.
func (s sessions) current(w http.ResponseWriter, r *http.Request) {
	p, _ := access.Of(r.Context())
	answer := &pb.Session{Name: p.Name, Role: roleToProto(p.Role), Lines: p.Lines, Reveals: p.Reveals}
	if p.Kind == access.ByPerson {
		answer.CsrfToken = access.CSRF(sessionOf(r))
		if ends, ok := s.SignIns.Ends(sessionOf(r)); ok {
			answer.EndTime = timestamppb.New(ends)
		}
	}
	s.answer(w, r, answer)
}

// signOut answers DELETE /v1/sessions/current and DELETE /v1/sessions.
func (s sessions) signOut(everywhere bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, _ := access.Of(r.Context())
		if err := s.SignIns.SignOut(r.Context(), p, sessionOf(r), everywhere); err != nil {
			s.fail(w, r, err)
			return
		}
		setCookie(w, r, sessionCookie, "", 0, http.SameSiteStrictMode)
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	}
}

// begin sends a browser to the provider.
func (s sessions) begin(w http.ResponseWriter, r *http.Request) {
	if s.Provider == nil {
		s.fail(w, r, noProvider())
		return
	}
	address, kept, err := s.Provider.Begin(r.Context(), s.callback(r))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	// Lax, since the provider's site sends the browser back
	setCookie(w, r, oidcCookie, kept, oidcKept, http.SameSiteLaxMode)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusFound)
}

// finish takes a browser in that the provider sent back. It answers with a page and not by sending the browser
// on: what another site began, a browser goes on with without cookies that are strictly this site's.
func (s sessions) finish(w http.ResponseWriter, r *http.Request) {
	if s.Provider == nil {
		s.fail(w, r, noProvider())
		return
	}
	kept := cookieOf(r, oidcCookie)
	setCookie(w, r, oidcCookie, "", 0, http.SameSiteLaxMode)
	e, err := s.SignIns.SignInExternal(r.Context(), callerOf(r).From,
		func(ctx context.Context) (access.External, error) {
			return s.Provider.Finish(ctx, s.callback(r), kept, r.URL.Query())
		})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.enter(w, r, e)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, `<!doctype html><title>Refrain</title><meta http-equiv="refresh" content="0; url=/">`+
		`<a href="/">Refrain</a>`+"\n") // whoever asked may be gone
}

func noProvider() error {
	return &fault.Error{Op: "httpapi.SignIn", Kind: fault.NotFound, Reason: "OIDC_NOT_SET_UP",
		Message: "no provider of OpenID Connect is set up (sign_in.oidc in the configuration)"}
}

// callback is where a provider is to send the browser back to: to this server by the name that it is known by, or
// else was asked by.
func (s sessions) callback(r *http.Request) string {
	if s.Public != nil {
		return (&url.URL{Scheme: s.Public.Scheme, Host: s.Public.Host, Path: callbackPath}).String()
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return (&url.URL{Scheme: scheme, Host: r.Host, Path: callbackPath}).String()
}

func (s sessions) answer(w http.ResponseWriter, r *http.Request, m *pb.Session) {
	raw, err := newJSON().Marshal(m)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(raw) // whoever asked may be gone
}

// fail answers with an error as REST does.
func (s sessions) fail(w http.ResponseWriter, r *http.Request, err error) {
	w.Header().Set("Cache-Control", "no-store")
	if fault.KindOf(err) == fault.Internal {
		if f := s.Explain(err); f != nil {
			err = f
		}
	}
	e, isFault := errors.AsType[*fault.Error](err)
	custom, isCustom := errors.AsType[*runtime.HTTPStatusError](err)
	switch {
	case isFault:
		if e.Err != nil && strings.HasPrefix(e.Reason, "OIDC_") { // which only who runs the server can mend
			s.Logger.WarnContext(r.Context(), "signing in at the provider failed", "reason", e.Reason, "error", e.Err)
		}
		err = rpcstatus.Of(e)
		if at := e.Meta["retry_after"]; at != "" {
			w.Header().Set("Retry-After", at)
			err = &runtime.HTTPStatusError{HTTPStatus: http.StatusTooManyRequests, Err: err}
		}
	case isCustom:
		err = custom
	case status.Code(err) == codes.Unknown && r.Context().Err() == nil:
		s.Logger.ErrorContext(r.Context(), "signing in or out failed", "error", err)
		err = status.Error(codes.Internal, "internal error; the server's log says more")
	}
	runtime.DefaultHTTPErrorHandler(r.Context(), s.rest, newJSON(), w, r, err)
}

// roleToProto is a role as the API has it.
func roleToProto(r access.Role) pb.Role {
	return pb.Role(pb.Role_value["ROLE_"+strings.ToUpper(string(r))])
}
