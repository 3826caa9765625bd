package transcribe

import (
	"context"
	"io"
	"sync/atomic"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/hearing"
)

// outcome is what became of a file.
type outcome struct {
	line Line
	err  error
}

// begin transcribes the files until ctx ends, so many at once that every state has a window. What
// becomes of each comes in the files' order.
func (t *transcriber) begin(ctx context.Context, h *hearing.Hearer, paths []string) []chan outcome {
	outcomes := make([]chan outcome, len(paths))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	var mixer *asr.Mixer
	if h.Shares {
		mixer = asr.NewMixer()
	}
	var next atomic.Int64
	for range min(h.AtOnce, len(paths)) {
		go func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(paths) {
					return
				}
				line, err := t.transcribe(ctx, h, mixer, paths[i])
				outcomes[i] <- outcome{line, err}
			}
		}()
	}
	return outcomes
}

// transcribe transcribes one file and judges it.
func (t *transcriber) transcribe(
	ctx context.Context, h *hearing.Hearer, mixer *asr.Mixer, file string,
) (Line, error) {
	f, err := files.Open(file)
	if err != nil {
		t.read.Add(files.Size(file))
		return Line{}, err
	}
	defer func() { _ = f.Close() }()
	size := files.Size(file)
	counting := &counter{ReadSeeker: f, t: t, size: size}
	defer counting.all()
	heard, err := h.Call(ctx, hearing.Source{Name: file, Sound: counting, Size: size}, mixer)
	if err != nil {
		return Line{}, err
	}
	return NewLine(file, heard), nil
}

// counter shows how much of a file was read: a file is read at first to see what it is, then to be
// heard, which is what takes time, and perhaps for the agent.
type counter struct {
	io.ReadSeeker
	t                 *transcriber
	size, at, counted int64
	passes            int
}

func (c *counter) Seek(offset int64, whence int) (int64, error) {
	c.passes++
	c.at = 0
	return c.ReadSeeker.Seek(offset, whence)
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.ReadSeeker.Read(p)
	if c.at += int64(n); c.passes > 1 {
		c.count(c.at)
	}
	return n, err
}

func (c *counter) count(n int64) {
	if n = min(n, c.size); n > c.counted {
		c.t.bar.Set(c.t.read.Add(n - c.counted))
		c.counted = n
	}
}

func (c *counter) all() { c.count(c.size) }
