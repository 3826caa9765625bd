package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/output"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// What a server is given for an answer, and how long a live recording may wait.
const (
	patience = 5 * time.Second
	lateLive = 15 * time.Minute
)

func (d *doctor) server(ctx context.Context, flags *client.Flags) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var status *pb.GetStatusResponse
	var at peer.Peer
	err := flags.With(func(cl *client.Client) (err error) {
		status, err = cl.Status.GetStatus(ctx, &pb.GetStatusRequest{}, grpc.Peer(&at))
		return err
	})
	if err != nil {
		d.add("server", bad, err.Error(), remedy(err))
		return
	}
	d.add("server", good, fmt.Sprintf("%s, up for %s, model %s, lexicon %s", status.GetVersion(),
		status.GetUptime().AsDuration().Round(time.Second), status.GetModel(), status.GetLexicon()), "")
	for _, r := range status.GetReadiness() {
		if !r.GetReady() {
			d.add(r.GetPurpose(), bad, r.GetReason(), "see the server's log, and docs/operations.md")
		}
	}
	d.served(&at)
	d.queue(status)
	for _, p := range status.GetParked() {
		d.add("recordings", bad, fmt.Sprintf("%d were given up: %s", p.GetCount(), p.GetReason()),
			"see why with: refrain recording list --state parked; then: refrain recording retry --all-parked --reason "+p.GetReason())
	}
}

// remedy is what to do where the server did not tell how it is.
func remedy(err error) string {
	answer, _ := errors.AsType[*client.Error](err)
	switch {
	case answer == nil, answer.Code == codes.Unavailable && answer.Reason == "":
		return "" // it says so itself
	case answer.Code == codes.Unauthenticated:
		return "give a key that may see it: --key @FILE"
	case answer.Code == codes.PermissionDenied:
		return "ask with another key: --key @FILE"
	}
	return "look at its log"
}

func (d *doctor) queue(status *pb.GetStatusResponse) {
	for _, w := range status.GetWaiting() {
		if w.GetPriority() != pb.Priority_PRIORITY_LIVE {
			continue
		}
		age := w.GetOldestAge().AsDuration()
		says := fmt.Sprintf("%d of %s wait, the oldest for %s", w.GetCount(),
			output.EnumName(w.GetPriority(), "PRIORITY_"), age.Round(time.Second))
		if age > lateLive {
			d.add("queue", bad, says, "the machine hears too slowly, or not at all: see the log, and docs/sizing.md")
			continue
		}
		d.add("queue", good, says, "")
	}
}
