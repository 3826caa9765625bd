package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/grpc/status"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// Readiness tells what the server is ready for.
type Readiness struct {
	// Purposes are what a server may be ready for, each by itself.
	Purposes []string
	// Ready tells why the server is not ready for a purpose, nil where it is; "" is for all of them.
	Ready func(purpose string) error
	// Notes are what does not work as it should and hinders no purpose, a line each.
	Notes func(purpose string) []string
}

// of answers GET /readyz/{purpose}.
func (rd Readiness) of(w http.ResponseWriter, r *http.Request) {
	purpose := r.PathValue("purpose")
	if !slices.Contains(rd.Purposes, purpose) {
		http.Error(w, "there is no such purpose; there are /readyz/"+
			strings.Join(rd.Purposes, ", /readyz/"), http.StatusNotFound)
		return
	}
	rd.handler(purpose).ServeHTTP(w, r)
}

func (rd Readiness) handler(purpose string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if err := rd.Ready(purpose); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ready")
		for _, note := range rd.Notes(purpose) {
			_, _ = fmt.Fprintln(w, "warning: "+note)
		}
	}
}

// insufficient gives a full disk the status that HTTP has for it: 429, which the API's code
// becomes else, has recorders take themselves for too fast.
func insufficient(err error) error {
	s, _ := status.FromError(err)
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetReason() == "DISK_FULL" {
			return &runtime.HTTPStatusError{HTTPStatus: http.StatusInsufficientStorage, Err: err}
		}
	}
	return err
}
