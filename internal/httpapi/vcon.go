package httpapi

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// vcons gives calls as vCons.
type vcons struct{ export pb.ExportServiceClient }

// get answers GET /v1/calls/{call}/vcon, with full_numbers, with_audio and
// reveal_reason as the API has them.
func (v vcons) get(w http.ResponseWriter, r *http.Request) {
	req := &pb.ExportVconsRequest{CallIds: []string{r.PathValue("call")},
		RevealReason: r.URL.Query().Get("reveal_reason")}
	for name, into := range map[string]*bool{
		"full_numbers": &req.FullNumbers, "with_audio": &req.WithAudio,
	} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		value, err := strconv.ParseBool(text)
		if err != nil {
			http.Error(w, "error: "+name+" must be true or false", http.StatusBadRequest)
			return
		}
		*into = value
	}
	stream, err := v.export.ExportVcons(onBehalf(r.Context(), r), req)
	if err != nil {
		fail(w, err)
		return
	}
	copyVcon(w, stream)
}

// copyVcon passes the document on. What fails after its first bytes can only break it off, which
// leaves no JSON.
func copyVcon(w http.ResponseWriter, stream pb.ExportService_ExportVconsClient) {
	for begun := false; ; begun = true {
		m, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil && begun:
			panic(http.ErrAbortHandler)
		case err != nil:
			fail(w, err)
			return
		case !begun:
			w.Header().Set("Content-Type", "application/vcon+json")
			w.Header().Set("Cache-Control", "no-store")
		}
		if _, err := w.Write(m.GetChunk()); err != nil {
			return // whoever asked is gone
		}
	}
}
