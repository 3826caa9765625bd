package config

import (
	"fmt"

	"github.com/refrain-asr/refrain/number"
)

// Numbers sets how numbers are written where they come from.
type Numbers struct {
	// Prefixes are what a switch puts before a number to reach a line or a trunk, such as 9 or
	// 90. One is taken off where the whole is no number and the rest is one.
	Prefixes []string `yaml:"prefixes" env:"PREFIXES"`
	// Virtual are the numbers that stand for whoever uses them just now (privacy numbers,
	// middle numbers): 95013*, +8617000000000-+8617000009999, or one number. Nobody is frozen
	// by them.
	Virtual []string `yaml:"virtual" env:"VIRTUAL"`
}

// Plan is how numbers are dialled. It leaves out what Validate refuses.
func (c Config) Plan() number.Plan {
	p := number.Plan{Region: c.Intake.Region, Prefixes: c.Numbers.Prefixes}
	for _, text := range c.Numbers.Virtual {
		if r, err := number.ParseRange(text, c.Intake.Region); err == nil {
			p.Virtual = append(p.Virtual, r)
		}
	}
	return p
}

func (c Config) validateNumbers(bad func(key, format string, args ...any)) {
	for i, prefix := range c.Numbers.Prefixes {
		if wrong := number.CheckPrefix(prefix); wrong != "" {
			bad(fmt.Sprintf("numbers.prefixes[%d]", i), "%s", wrong)
		}
	}
	for i, text := range c.Numbers.Virtual {
		if _, err := number.ParseRange(text, c.Intake.Region); err != nil {
			bad(fmt.Sprintf("numbers.virtual[%d]", i), "%v", err)
		}
	}
}
