package demo

import (
	"cmp"
	"fmt"

	"github.com/refrain-asr/refrain/internal/cli/review"
)

var nextSteps = []string{
	"", "The server is stopped and its data are gone. Where to go from here:",
	"  refrain demo --keep       the same, and leave the server running to look around",
	"  refrain serve             a server that stays; then send it your own recordings:",
	"  refrain send call.wav --number 13800138000 --agent a17 --call-id 4711 --wait",
	"  refrain model list        larger models, which hear better and take longer",
}

// hints lists what can be tried on the running server.
func (d *demo) hints() []string {
	server := " --server " + d.server.GRPCAddr()
	return []string{
		"", fmt.Sprintf("The server is running: gRPC at %s, HTTP at %s. Try in another terminal:",
			d.server.GRPCAddr(), d.server.HTTPAddr()),
		"  refrain review list" + server,
		"  refrain review show " + cmp.Or(d.firstSuspect(), "SUSPECT") + server,
		"  refrain freeze list" + server,
		"  refrain check 13800138011 13800138015" + server,
		"  curl http://" + d.server.HTTPAddr() + "/v1/suspects",
		"Ctrl-C stops it and removes its data.",
	}
}

func (d *demo) firstSuspect() string {
	for _, rec := range d.recordings {
		if name := rec.GetJudgement().GetSuspectName(); name != "" {
			return review.SuspectID(name)
		}
	}
	return ""
}
