package main

import (
	"fmt"

	"github.com/schollz/progressbar/v3"
)

// progress shows people how far a transfer has come; it stays silent where nobody
// watches. The nil progress is silent, too.
type progress struct {
	c   *console
	bar *progressbar.ProgressBar
}

// newProgress begins a bar of so many bytes on standard error, if that is a terminal.
func (c *console) newProgress(bytes int64) *progress {
	if !isTerminal(c.err) {
		return nil
	}
	return &progress{c, progressbar.NewOptions64(bytes,
		progressbar.OptionSetWriter(c.err), progressbar.OptionShowBytes(true), progressbar.OptionShowTotalBytes(true),
		progressbar.OptionUseIECUnits(true), progressbar.OptionSetWidth(24), progressbar.OptionThrottle(66e6),
		progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetTheme(progressbar.ThemeASCII))}
}

// set shows so many bytes.
func (p *progress) set(bytes int64) {
	if p != nil {
		_ = p.bar.Set64(bytes) // a bar that can't be drawn is no reason to stop
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
