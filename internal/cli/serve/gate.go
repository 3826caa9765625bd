package serve

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/secret"
)

// gateOptions are what can be set on the command line of a gate.
type gateOptions struct {
	options

	server, keyFile, ca, cert, certKey, snapshot string
	plaintext                                    bool
}

// NewGate makes refrain gate, which opens its gate with open.
func NewGate(c *console.Console, open OpenServer) *cobra.Command {
	var f gateOptions
	cmd := &cobra.Command{
		Use: "gate", Short: "Start a gate beside a dialler", Args: usage.NoArgs,
		Long: `Start a gate beside a dialler: it follows a server elsewhere and answers "may I call
this number?" from memory, over the same gRPC (GateService) and HTTP (/check, /reserve) as
the server. It lags at most a second; answers say up to when it knows (as_of). Reservations,
and questions about a moment that is over, are passed on to the server.

It needs a key whose role is gate ('refrain key add NAME --role gate' at the server), and is
asked with the server's own keys. It holds no numbers, but keyed hashes of them.

With --snapshot it goes on while the server is gone, and starts without it. From follow.max_lag
on (5s) /readyz says that it is not ready; it answers all the same, and from follow.stale_after
on (5m) refuses numbers against which it knows nothing, or allows them, as follow.stale and
follow.stale_lines have it. docs/operations.md lists the settings.

A server that is older than what the gate knows, as after a backup was put back, or another one,
is not followed. --accept older-server says once that it is meant so.`,
		Example: `  refrain gate --server refrain.example:7430 --key-file gate.key --ca ca.crt --snapshot gate.db
  curl 'http://127.0.0.1:7431/check?number=13800138000' -H "Authorization: Bearer $REFRAIN_KEY"`,
		RunE: c.Action(func(cmd *cobra.Command, _ []string) error {
			return runServer(cmd.Context(), c, f.options, f.load, open)
		}),
	}
	fs := cmd.Flags()
	fs.StringVar(&f.server, "server", "", "the server's gRPC `address`, host:port")
	fs.StringVar(&f.keyFile, "key-file", "", "`file` with the gate's key")
	fs.StringVar(&f.ca, "ca", "", "`file` with the authority of the server's certificate")
	fs.StringVar(&f.cert, "cert", "", "`file` with the certificate to show the server")
	fs.StringVar(&f.certKey, "cert-key", "", "`file` with its key")
	fs.BoolVar(&f.plaintext, "plaintext", false, "no TLS to a server that is not on this machine: for a tunnel")
	fs.StringVar(&f.snapshot, "snapshot", "", "`file` to start from while the server is gone")
	fs.StringVar(&f.config, "config", "", "configuration file (default refrain.yaml, where there is one)")
	fs.StringVar(&f.grpc, "grpc", "", "address for gRPC (default 127.0.0.1:7430)")
	fs.StringVar(&f.http, "http", "", "address for HTTP (default 127.0.0.1:7431)")
	fs.StringSliceVar(&f.accept, "accept", nil, "follow the server once in spite of `NAME`: "+config.OlderServer)
	f.addLogFlags(fs)
	return cmd
}

// load reads the configuration and lets the flags that were given win.
func (f gateOptions) load() (config.Config, error) {
	cfg, err := config.Load(f.config)
	if err != nil {
		return cfg, err
	}
	to := &cfg.Follow
	set([]setting{{f.grpc, &cfg.GRPC.Address}, {f.http, &cfg.HTTP.Address}, {f.server, &to.Server}, {f.ca, &to.CA},
		{f.cert, &to.Cert}, {f.certKey, &to.CertKey}, {f.snapshot, &to.Snapshot}})
	if f.keyFile != "" {
		to.Key = secret.Source{File: f.keyFile}
	}
	to.Plaintext = to.Plaintext || f.plaintext
	if i := slices.IndexFunc(f.accept, func(name string) bool { return name != config.OlderServer }); i >= 0 {
		return cfg, usage.Errorf("--accept is %q; it must be %s", f.accept[i], config.OlderServer)
	}
	cfg.Accept = f.accept
	if to.Server == "" {
		return cfg, usage.Errorf("say which server to follow: --server HOST:PORT (or follow.server in the configuration)")
	}
	return cfg, nil
}

// runServer logs, opens a server and runs it.
func runServer(
	ctx context.Context, c *console.Console, f options, load func() (config.Config, error), open OpenServer,
) error {
	logger, written, err := newLogger(c.Err, f.logFormat, f.logLevel)
	if err != nil {
		return err
	}
	defer written.flush(lastWords)
	c.Err = lastWriter{written}
	ignoreReaders(ctx, logger, written)
	cfg, err := load()
	if err != nil {
		return err
	}
	s, err := open(ctx, cfg, logger)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
