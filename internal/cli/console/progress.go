package console

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/refrain-asr/refrain/internal/cli/output"
)

// Progress shows people how far a transfer has come; it stays silent where nobody
// watches. The nil progress is silent, too.
type Progress struct{ bar *progressbar.ProgressBar }

// ByteProgress begins a bar of so many bytes on standard error, if that is a terminal.
func (c *Console) ByteProgress(bytes int64) *Progress {
	return c.newBar(bytes, progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionUseIECUnits(true), progressbar.OptionSetPredictTime(true))
}

// CountProgress begins a bar of so many things.
func (c *Console) CountProgress(things int) *Progress {
	return c.newBar(int64(things), progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(true))
}

func (c *Console) newBar(whole int64, options ...progressbar.Option) *Progress {
	if !isTerminal(c.Err) || whole == 0 {
		return nil
	}
	options = append(options, progressbar.OptionSetWriter(c.Err), progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(66*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetTheme(progressbar.ThemeASCII))
	return &Progress{progressbar.NewOptions64(whole, options...)}
}

// Set shows how far it has come.
func (p *Progress) Set(done int64) {
	if p != nil {
		_ = p.bar.Set64(done) // a bar that can't be drawn is no reason to stop
	}
}

// Describe says what is going on.
func (p *Progress) Describe(format string, args ...any) {
	if p != nil {
		p.bar.Describe(output.Shorten(fmt.Sprintf(format, args...), 40))
	}
}

// Hide takes the bar away, so that a line can be written; the next change shows it again.
func (p *Progress) Hide() {
	if p != nil {
		_ = p.bar.Clear()
	}
}

// End takes the bar away for good.
func (p *Progress) End() {
	if p != nil {
		_ = p.bar.Exit()
		_ = p.bar.Clear()
	}
}
