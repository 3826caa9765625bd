package batch

import (
	"context"
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/console"
)

// tellEvery is how often a run says how far it is where nobody watches.
const tellEvery = 30 * time.Second

// progress tells people how far a run is: by a bar, or where nobody watches, by lines.
type progress struct {
	b     *batch
	bar   *console.Progress
	total int64
	told  time.Time
}

func (b *batch) newProgress(ctx context.Context) *progress {
	total := b.source.bytes(ctx)
	return &progress{b: b, bar: b.ByteProgress(total), total: total, told: b.Now()}
}

func (p *progress) end() { p.bar.End() }

func (p *progress) hide() { p.bar.Hide() }

// add shows that a sheaf is done.
func (p *progress) add(sheaf) {
	s := p.b.sums
	audio, factor := s.times()
	p.bar.Describe("%d calls, %.1f h, %.0fx, %d bad", s.Calls, audio.Hours(), factor, s.failed)
	p.bar.Set(min(s.weight, p.total))
	now := p.b.Now()
	if p.b.Watched() || now.Sub(p.told) < tellEvery {
		return
	}
	p.told = now
	_, _ = fmt.Fprintf(p.b.Err, "refrain: %d calls, %.1f hours of audio, %.0f times as fast as spoken, %d errors%s\n", s.Calls,
		audio.Hours(), factor, s.failed, p.left(now))
}

// left tells how much there is still to do, "" where nothing tells.
func (p *progress) left(now time.Time) string {
	s := p.b.sums
	if p.total <= 0 || s.worked <= 0 {
		return ""
	}
	share := min(1, float64(s.weight)/float64(p.total))
	rest := float64(max(0, p.total-s.weight)) / float64(s.worked) * now.Sub(s.begun).Seconds()
	return fmt.Sprintf(", %.0f %% done, about %v left", 100*share, time.Duration(rest*float64(time.Second)).Round(time.Second))
}
