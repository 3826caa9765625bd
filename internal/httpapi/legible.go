package httpapi

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// legible refuses addresses that can't be read: the API speaks UTF-8 only, and a switch
// that sends another encoding must hear of that, and not of an error of the server's.
func legible(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := url.ParseQuery(r.URL.RawQuery)
		switch {
		case err != nil:
			http.Error(w, "error: the address can't be read; escape what stands behind its "+
				"question mark", http.StatusBadRequest)
		case !utf8.ValidString(r.URL.Path):
			http.Error(w, "error: the address is not UTF-8", http.StatusBadRequest)
		case refuseOtherText(w, query):
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// plainActor lets names of any script be given as they are: metadata of gRPC hold ASCII only, so the
// rest goes on escaped, as ActorHeader's other form is.
func plainActor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Header.Get(ActorHeader)
		if strings.ContainsFunc(name, func(c rune) bool { return c >= utf8.RuneSelf }) {
			if !utf8.ValidString(name) {
				http.Error(w, "error: "+ActorHeader+" is not UTF-8", http.StatusBadRequest)
				return
			}
			r.Header.Set(ActorHeader, url.PathEscape(name))
		}
		next.ServeHTTP(w, r)
	})
}

// readForm reads a form of at most maxForm bytes before next does.
func readForm(next http.HandlerFunc) http.Handler {
	return http.MaxBytesHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := r.ParseForm()
		if many := r.ParseMultipartForm(maxForm); err == nil &&
			!errors.Is(many, http.ErrNotMultipart) {
			err = many
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			failBody(w, stalled())
		case err != nil:
			http.Error(w, fmt.Sprintf("error: the form can't be read; it may have %d bytes",
				maxForm), http.StatusBadRequest)
		case refuseOtherText(w, r.Form):
		default:
			next(w, r)
		}
	}), maxForm)
}

// refuseOtherText refuses values that are not UTF-8, and reports whether there are any.
func refuseOtherText(w http.ResponseWriter, values url.Values) bool {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, v := range values[name] {
			if !utf8.ValidString(name + v) {
				http.Error(w, fmt.Sprintf("error: %.40q is not UTF-8", name), http.StatusBadRequest)
				return true
			}
		}
	}
	return false
}
