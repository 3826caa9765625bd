package serve

import (
	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// NewWorker makes refrain worker, which opens its worker with open.
func NewWorker(c *console.Console, open OpenServer) *cobra.Command {
	var f options
	cmd := &cobra.Command{
		Use: "worker", Short: "Start a speech worker for servers elsewhere", Args: usage.NoArgs,
		Long: `Start a speech worker: it takes recordings from the servers' PostgreSQL, reads their audio in
the servers' bucket, hears them, and hands over what it heard, which a server judges. It keeps
nothing, and may join, leave or die at any time: what it was at another one takes up within a
minute, and one result is kept.

It needs the settings database.url and audio.s3 (and audio.encrypt.identity where audio is
encrypted), best with the database's role for workers ('refrain migrate roles'), which can read no
numbers, and with a key of the bucket that may only read.

It takes recordings only while its program's version and its model are those that the servers
want: their own, or with 'speech.engine: workers', where they hear nothing themselves, the model
that their settings name. The same file of settings does for both.

At --http it serves /healthz, /readyz and /metrics, in which is how much audio waits
(refrain_recordings_waiting_audio_seconds): the signal to start more workers.

Ctrl-C or SIGTERM stops it: what it is at gets the grace period, the rest is handed back.`,
		Example: `  refrain worker --config /etc/refrain.yaml
  REFRAIN_DATABASE_URL='postgres://refrain_worker@db.example/refrain?sslmode=verify-full' refrain worker --model small-q8_0`,
		RunE: c.Action(func(cmd *cobra.Command, _ []string) error {
			return runServer(cmd.Context(), c, f, f.load, open)
		}),
	}
	fs := cmd.Flags()
	fs.StringVar(&f.config, "config", "", "configuration file (default refrain.yaml, where there is one)")
	fs.StringVar(&f.data, "data", "", "directory for models (default refrain-data)")
	fs.StringVar(&f.http, "http", "", "address for HTTP (default 127.0.0.1:7431)")
	fs.StringVar(&f.model, "model", "", "ggml Whisper model: a file, or a name from 'refrain model list' (default base-q8_0, "+
		"inside the program)")
	f.addLogFlags(fs)
	return cmd
}
