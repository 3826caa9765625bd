package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/retention"
)

// Period is a time in days, 90d, or as Go writes it, 36h.
type Period time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Period) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n > maxDays || n < -maxDays {
			return fmt.Errorf("%q is no period; write it as 90d or 36h", text)
		}
		*p = Period(time.Duration(n) * retention.Day)
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is no period; write it as 90d or 36h", text)
	}
	*p = Period(d)
	return nil
}

// maxDays is what fits into a time.Duration.
const maxDays = 100 * 366

// Periods are for how long what is kept; see retention.Kind.
type Periods struct {
	Audio       Period `yaml:"audio" env:"AUDIO"`
	Transcripts Period `yaml:"transcripts" env:"TRANSCRIPTS"`
	Calls       Period `yaml:"calls" env:"CALLS"`
	Decisions   Period `yaml:"decisions" env:"DECISIONS"`
	Freezes     Period `yaml:"freezes" env:"FREEZES"`
	Audit       Period `yaml:"audit" env:"AUDIT"`
}

// given are those that are set.
func (p Periods) given() map[retention.Kind]time.Duration {
	out := map[retention.Kind]time.Duration{}
	for k, d := range map[retention.Kind]Period{
		retention.Audio: p.Audio, retention.Transcripts: p.Transcripts, retention.Calls: p.Calls,
		retention.Decisions: p.Decisions, retention.Freezes: p.Freezes, retention.Audit: p.Audit,
	} {
		if d != 0 {
			out[k] = time.Duration(d)
		}
	}
	return out
}

// Retention sets for how long what is kept.
type Retention struct {
	Periods `yaml:",inline"`
	// Lines have periods of their own; what they leave out is as for all.
	Lines map[string]Periods `yaml:"lines"`
	// BelowFloor says that periods may be shorter than the law of China wants.
	BelowFloor bool `yaml:"below_floor" env:"BELOW_FLOOR"`
	// Backups is for how long backups are kept, which Refrain can't know: certificates of erasures
	// tell it.
	Backups Period `yaml:"backups" env:"BACKUPS"`
}

// defaultPeriods are those of retention.Default.
func defaultPeriods() Periods {
	d := retention.Default()
	return Periods{Period(d[retention.Audio]), Period(d[retention.Transcripts]), Period(d[retention.Calls]),
		Period(d[retention.Decisions]), Period(d[retention.Freezes]), Period(d[retention.Audit])}
}

// Policy is for how long what is kept.
func (r Retention) Policy() retention.Policy {
	p := retention.Policy{Periods: r.given(), Lines: map[string]map[retention.Kind]time.Duration{},
		Backups: time.Duration(r.Backups)}
	for line, periods := range r.Lines {
		p.Lines[line] = periods.given()
	}
	return p
}

func (r Retention) validate(bad func(key, format string, args ...any)) {
	p := r.Policy()
	for _, k := range retention.Kinds() {
		if p.Periods[k] == 0 {
			bad("retention."+string(k), "is 0; it must be above that, such as 90d")
		}
	}
	p.Check(r.BelowFloor, bad)
	if r.Backups < 0 {
		bad("retention.backups", "is negative")
	}
}
