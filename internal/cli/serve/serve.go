package serve

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/config"
)

// options are what can be set on the command line beside the configuration file.
type options struct {
	config, data, grpc, http, model string
	logFormat, logLevel             string
	accept                          []string
}

// New makes refrain serve, which opens its server with open.
func New(c *console.Console, open OpenServer) *cobra.Command {
	var f options
	cmd := &cobra.Command{
		Use: "serve", Short: "Start a server", Args: usage.NoArgs,
		Long: `Start a server: it takes recordings in, transcribes and judges them in the
background, keeps suspects for reviewers, and answers diallers.

All it keeps lies in one directory, which one server at a time may use. Without any
flag it uses refrain-data in the working directory and the Whisper model inside the
program (base-q8_0). Settings come from refrain.yaml in the working directory
(or --config), then from environment variables such as REFRAIN_SPEECH_MODEL, then
from flags. docs/operations.md lists them.

Ctrl-C or SIGTERM stops it: running jobs get a grace period and are then handed back
to the queue. A server that was killed loses nothing that it has acknowledged. SIGHUP
is ignored. The log goes to standard error; whoever reads that may stop or end, and the
server goes on.

A start believes nothing: a database that is missing, empty, another's, or older than it
was when the server last ran, another ledger.key, files that others may read and
directories that others may change are refused, with what to do. --accept NAME says "I
mean it so" for one of them: the refusal tells the name, and what becomes of it.`,
		Example: `  refrain serve
  refrain serve --data /var/lib/refrain --model /var/lib/refrain/models/ggml-large-v3-turbo-q5_0.bin
  REFRAIN_JUDGING_THRESHOLD=0.7 refrain serve --config /etc/refrain.yaml`,
		RunE: c.Action(func(cmd *cobra.Command, _ []string) error {
			return runServer(cmd.Context(), c, f, f.load, open)
		}),
	}
	fs := cmd.Flags()
	fs.StringVar(&f.config, "config", "", "configuration file (default refrain.yaml, where there "+
		"is one)")
	fs.StringVar(&f.data, "data", "", "directory that everything lies in (default refrain-data)")
	fs.StringVar(&f.grpc, "grpc", "", "address for gRPC (default 127.0.0.1:7430)")
	fs.StringVar(&f.http, "http", "", "address for HTTP (default 127.0.0.1:7431)")
	fs.StringVar(&f.model, "model", "", "ggml Whisper model: a file, or a name from 'refrain "+
		"model list' (default base-q8_0, inside the program)")
	fs.StringSliceVar(&f.accept, "accept", nil, "start in spite of `NAME` being wrong with the data "+
		"directory: "+strings.Join(config.Acceptable, ", "))
	f.addLogFlags(fs)
	return cmd
}

// addLogFlags adds those that say how to log.
func (f *options) addLogFlags(fs *pflag.FlagSet) {
	fs.StringVar(&f.logFormat, "log-format", "text", "how to log to standard error: text or json")
	fs.StringVar(&f.logLevel, "log-level", "info", "what to log: debug, info, warn or error")
}

// setting is a flag that was given, or not (""), and what it sets.
type setting struct {
	flag string
	to   *string
}

func set(settings []setting) {
	for _, s := range settings {
		if s.flag != "" {
			*s.to = s.flag
		}
	}
}

// load reads the configuration and lets the flags that were given win.
func (f options) load() (config.Config, error) {
	cfg, err := config.Load(f.config)
	if err != nil {
		return cfg, err
	}
	set([]setting{{f.data, &cfg.Data}, {f.grpc, &cfg.GRPC.Address}, {f.http, &cfg.HTTP.Address},
		{f.model, &cfg.Speech.Model}})
	for _, name := range f.accept {
		if !slices.Contains(config.Acceptable, name) {
			return cfg, usage.Errorf("--accept is %q; it must be %s", name,
				strings.Join(config.Acceptable, ", "))
		}
	}
	cfg.Accept = f.accept
	return cfg, nil
}
