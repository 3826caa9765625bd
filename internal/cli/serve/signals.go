package serve

import (
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// ignoreReaders keeps what happens to the log's reader from the server. Without it, Go ends a
// program that writes to a closed standard error or output, and libraries that have a log of
// their own wait for whoever reads it. The children get their signals as they were.
func ignoreReaders(ctx context.Context, logger *slog.Logger, written io.Writer) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) // so that the write fails, and nothing else
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangups)
		for {
			select {
			case <-hangups:
				logger.InfoContext(ctx, "SIGHUP is ignored: the log goes to standard error, and there is no "+
					"file to open again")
			case <-ctx.Done():
				return
			}
		}
	}()
	log.SetOutput(written) //nolint:forbidigo // what libraries say by it must not hang either
}

// LibraryLog writes wherever Go's own logger writes at the time: for libraries that are told once, before
// it is known whether the command is a server.
type LibraryLog struct{}

// Write implements io.Writer.
func (LibraryLog) Write(b []byte) (int, error) {
	return log.Writer().Write(b) //nolint:forbidigo // it only asks where to
}
