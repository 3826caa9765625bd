package httpapi

import (
	"net/http"
	"strings"
	"time"
)

// CSRFHeader must be sent with a session's cookie by whatever changes something. A page from elsewhere can't
// know it, nor send it without the browser asking this server first, which does not agree.
const CSRFHeader = "X-Refrain-CSRF"

// The cookies. Over TLS their names begin with __Host-, which has browsers take them from this host itself
// only, over TLS, and for all its paths.
const (
	sessionCookie = "refrain"
	deviceCookie  = "refrain-device"
	oidcCookie    = "refrain-oidc"
	hostPrefix    = "__Host-"
)

// deviceKept is for how long a browser is known again, oidcKept how long signing in at a provider may take.
const (
	deviceKept = 180 * 24 * time.Hour
	oidcKept   = 10 * time.Minute
)

// tokenLen is the length of what the session's cookie and CSRFHeader hold, in characters.
const tokenLen = 43

func cookieName(r *http.Request, name string) string {
	if r.TLS != nil {
		return hostPrefix + name
	}
	return name
}

// cookieOf is what a cookie holds. One that is there twice is none: somebody else may have put one there.
func cookieOf(r *http.Request, name string) string {
	if found := r.CookiesNamed(cookieName(r, name)); len(found) == 1 {
		return found[0].Value
	}
	return ""
}

// sessionOf is what the session's cookie holds, "" for none.
func sessionOf(r *http.Request) string { return token(cookieOf(r, sessionCookie)) }

// token is text where it may be a session's or what is sent beside it, and else "".
func token(text string) string {
	if len(text) != tokenLen || strings.ContainsFunc(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_'
	}) {
		return ""
	}
	return text
}

// reads tells that a request changes nothing, by its method.
func reads(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// setCookie has the browser keep something, where pages can't see it; "" has it forget that.
func setCookie(
	w http.ResponseWriter, r *http.Request, name, value string, kept time.Duration, site http.SameSite,
) {
	//nolint:gosec // without TLS the server answers on loopback only, and browsers may drop what is Secure
	c := &http.Cookie{Name: cookieName(r, name), Value: value, Path: "/", HttpOnly: true, Secure: r.TLS != nil,
		SameSite: site, MaxAge: int(kept / time.Second)}
	if value == "" || c.MaxAge <= 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
