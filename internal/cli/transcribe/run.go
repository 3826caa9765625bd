package transcribe

import (
	"context"
	"sync/atomic"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/hearing"
	"github.com/refrain-asr/refrain/internal/cli/output"
)

func run(ctx context.Context, c *console.Console, o *options, paths []string) error {
	t := &transcriber{Console: c, format: o.format}
	setup, err := hearing.Configure(c, o.hearing)
	if err != nil {
		return err
	}
	h, err := setup.Start(ctx, o.engine)
	if err != nil {
		return err
	}
	defer h.Close()
	t.bar = c.ByteProgress(files.TotalSize(paths))
	defer t.bar.End()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := 0
	for i, next := range t.begin(ctx, h, paths) {
		t.bar.Describe("%d/%d %s", i+1, len(paths), paths[i])
		var got outcome
		select {
		case got = <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
		t.bar.Hide()
		if got.err != nil {
			failed++
			c.Errorf("%s: %v", paths[i], got.err)
			continue
		}
		if err := t.print(got.line); err != nil {
			return err
		}
	}
	return console.Failures(failed, len(paths))
}

// transcriber is one run of transcribe.
type transcriber struct {
	*console.Console
	format output.Format
	bar    *console.Progress
	read   atomic.Int64 // bytes of all files so far
}
