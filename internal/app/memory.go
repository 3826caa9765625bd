package app

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/datadir"
	"github.com/refrain-asr/refrain/models"
)

const (
	// ofCgroup is how much of the cgroup's memory Go goes by: the rest is for C and the kernel.
	ofCgroup = 0.9
	// leastForGo is what is left to Go however large the model is, in bytes.
	leastForGo = 128 << 20
	// speechBase is what the speech process takes beside the model and its states, in bytes.
	speechBase = 64 << 20
)

// LimitMemory has Go collect its garbage earlier as the memory of the process's cgroup runs out, less
// what the speech process takes of it. Where GOMEMLIMIT is set in the environment that holds, and
// without a cgroup there is no limit. It is for the whole program, so main calls it once.
func LimitMemory(ctx context.Context, cfg config.Config, log *slog.Logger) {
	child := speechMemory(cfg)
	provider := func() (uint64, error) {
		n, err := memlimit.FromCgroup()
		if errors.Is(err, memlimit.ErrNoCgroup) || errors.Is(err, memlimit.ErrCgroupsNotSupported) {
			return 0, memlimit.ErrNoLimit
		}
		return goMemory(n, child), err
	}
	n, err := memlimit.Set(memlimit.WithRatio(1), memlimit.WithProvider(provider))
	if err != nil { // it serves without
		log.WarnContext(ctx, "the memory that this process may take could not be found out; set GOMEMLIMIT",
			"error", err)
		return
	}
	log.DebugContext(ctx, "memory limit of Go", "bytes", n)
}

// goMemory is what Go may take of a cgroup's memory, in bytes.
func goMemory(cgroup, child uint64) uint64 {
	n := uint64(ofCgroup * float64(cgroup))
	return max(leastForGo, n-min(n, child))
}

// speechMemory reckons what the speech process takes, in bytes: the model once and about as much for
// each state (docs/sizing.md); 0 where there is none.
func speechMemory(cfg config.Config) uint64 {
	if cfg.Speech.Engine != config.EngineWhisper {
		return 0
	}
	path, _, err := models.Resolve(cfg.Speech.Model, cfg.Path(datadir.ModelsDir))
	if err != nil {
		return speechBase // opening it says what is wrong
	}
	info, err := os.Stat(path)
	if err != nil {
		return speechBase
	}
	return speechBase + uint64(info.Size())*uint64(1+cfg.States())
}
