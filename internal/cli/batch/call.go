package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/archive"
	"github.com/refrain-asr/refrain/internal/cli/batch/journal"
	"github.com/refrain-asr/refrain/internal/cli/batch/record"
	"github.com/refrain-asr/refrain/internal/cli/files"
	"github.com/refrain-asr/refrain/internal/cli/hearing"
	"github.com/refrain-asr/refrain/internal/cli/naming"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// call is one call of the archive.
type call struct {
	// item is its recording, or that of the customer where agent is that of the agent's side.
	item, agent *archive.Item
	facts       naming.Facts
	place       int // in its sheaf
	// channel and answered are what a manifest says, else zero.
	channel  audio.Channel
	answered time.Duration

	told record.Facts
	key  journal.Key
	mark journal.Mark // of the line that is there, if known
	err  error

	known   hearing.Known
	closers []io.Closer

	customer asr.Transcript
	only     []asr.Span
	wanted   bool // the agent's side is to be heard
	side     *asr.Transcript
	line     []byte // what is new of it

	// answer is what a server said of it, referred that it hears it where it lies.
	answer   *pb.UploadRecordingResponse
	referred bool

	heard    *hearing.Heard
	rejudged bool
}

// weight is how much of the archive the call is.
func (c *call) weight() int64 {
	if c.agent != nil {
		return c.item.Weight + c.agent.Weight
	}
	return c.item.Weight
}

// part is which part of its call a server is told that it is, the same that 'refrain send' tells.
func (c *call) part() string {
	if c.agent != nil {
		return c.facts.Part
	}
	return c.facts.Alone()
}

// items are the files of which it is.
func (c *call) items() []*archive.Item {
	if c.agent != nil {
		return []*archive.Item{c.item, c.agent}
	}
	return []*archive.Item{c.item}
}

// release frees all that it holds.
func (c *call) release() {
	c.close()
	for _, i := range c.items() {
		i.Release()
	}
}

func (c *call) close() {
	for _, x := range c.closers {
		_ = x.Close()
	}
	c.closers, c.known.Sound = nil, nil
}

// errOnlyAgent is of a call of which there is one side, and the wrong one.
var errOnlyAgent = errors.New("it is the agent's side alone, and the customer's is not beside it")

// sum is the SHA-256 of the call's sound, in hexadecimal.
func (c *call) sum(ctx context.Context) (string, error) {
	var sums []byte
	for _, i := range c.items() {
		f, err := i.Open()
		if err != nil {
			return "", err
		}
		h := sha256.New()
		_, err = io.Copy(h, files.Reader(ctx, f))
		if err := errors.Join(err, f.Close()); err != nil {
			return "", fmt.Errorf("read it: %w", err)
		}
		sums = h.Sum(sums)
	}
	if c.agent != nil {
		both := sha256.Sum256(sums)
		sums = both[:]
	}
	return hex.EncodeToString(sums), nil
}

// open opens the call's sound, both sides in one.
func (c *call) open(ctx context.Context, setup *hearing.Setup) (hearing.Source, error) {
	src := hearing.Source{Name: c.item.Name(), Channel: c.channel, Answered: c.answered}
	f, err := c.item.Open()
	if err != nil {
		return src, err
	}
	if c.agent == nil {
		c.closers = append(c.closers, f)
		src.Sound, src.Size = f, c.item.Size
		if c.facts.Side == naming.Customer && src.Channel == "" {
			src.Channel = audio.Mono
		}
		return src, nil
	}
	defer func() { _ = f.Close() }()
	agent, err := c.agent.Open()
	if err != nil {
		return src, fmt.Errorf("the agent's side: %w", err)
	}
	defer func() { _ = agent.Close() }()
	joined, size, err := join(ctx, setup.Files, half{c.agent, agent}, half{c.item, f})
	if err != nil {
		return src, err
	}
	c.closers = append(c.closers, joined)
	src.Name, src.Sound, src.Size, src.Channel = "joined.wav", joined, size, audio.Right
	return src, nil
}
