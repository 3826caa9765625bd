package serve

import (
	"context"
	"log/slog"

	"github.com/refrain-asr/refrain/internal/config"
)

// Server is one that has opened everything and listens.
type Server interface {
	// GRPCAddr and HTTPAddr are the addresses at which it listens, as host:port.
	GRPCAddr() string
	HTTPAddr() string
	// Run serves until ctx ends, then stops in good order and closes everything.
	Run(ctx context.Context) error
}

// OpenServer opens a server with a configuration. Nothing is served before it is run; on an
// error everything is closed again.
type OpenServer func(ctx context.Context, cfg config.Config, logger *slog.Logger) (Server, error)
