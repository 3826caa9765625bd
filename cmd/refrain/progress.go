package main

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows people how far a transfer has come; it stays silent where nobody
// watches. The nil progress is silent, too.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress begins a bar of so many bytes on standard error, if that is a terminal.
func (c *console) newProgress(bytes int64) *progress {
	return c.newBar(bytes, progressbar.OptionShowBytes(true), progressbar.OptionShowTotalBytes(true),
		progressbar.OptionUseIECUnits(true), progressbar.OptionSetPredictTime(true))
}

// newCount begins a bar of so many things.
func (c *console) newCount(things int) *progress {
	return c.newBar(int64(things), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true))
}

func (c *console) newBar(whole int64, options ...progressbar.Option) *progress {
	if !isTerminal(c.err) || whole == 0 {
		return nil
	}
	options = append(options, progressbar.OptionSetWriter(c.err), progressbar.OptionSetWidth(24), progressbar.OptionThrottle(66*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetTheme(progressbar.ThemeASCII))
	return &progress{progressbar.NewOptions64(whole, options...)}
}

// set shows how far it has come.
func (p *progress) set(done int64) {
	if p != nil {
		_ = p.bar.Set64(done) // a bar that can't be drawn is no reason to stop
	}
}

// describe says what is going on.
func (p *progress) describe(format string, args ...any) {
	if p != nil {
		p.bar.Describe(shortened(fmt.Sprintf(format, args...), 40))
	}
}

// hide takes the bar away, so that a line can be written; the next change shows it again.
func (p *progress) hide() {
	if p != nil {
		_ = p.bar.Clear()
	}
}

// end takes the bar away for good.
func (p *progress) end() {
	if p != nil {
		_ = p.bar.Exit()
		_ = p.bar.Clear()
	}
}
