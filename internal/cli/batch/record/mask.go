package record

import (
	"strings"
	"time"

	"github.com/refrain-asr/refrain/number"
)

// Masked is f without the number in full: not in the names of files, either.
func (f Facts) Masked(region string) Facts {
	if f.Number == "" {
		return f
	}
	shown := mask(f.Number, region)
	f = f.replaced(f.Number, shown)
	f.Number = shown
	return f
}

// InFull is f with its number in E.164, where it is a number.
func (f Facts) InFull(region string) Facts {
	if n, err := number.Parse(f.Number, region); err == nil {
		f.full = f.Number
		f.Number = n.E164()
	}
	return f
}

// masked is f as it is compared: its number, if it is there in full, is taken out of the names of files.
func (f Facts) masked() Facts {
	n, err := number.FromE164(f.Number)
	if err != nil {
		return f
	}
	for _, written := range []string{f.full, n.E164(), strings.TrimPrefix(n.E164(), "+"), "0" + national(n), national(n)} {
		if len(written) > 1 && strings.Contains(f.File+f.Member+f.AgentFile+f.AgentMember, written) {
			return f.replaced(written, n.Masked())
		}
	}
	return f
}

// national is a Chinese number without its country code.
func national(n number.Number) string {
	rest, ok := strings.CutPrefix(n.E164(), "+86")
	if !ok {
		return ""
	}
	return rest
}

func (f Facts) replaced(number, by string) Facts {
	for _, text := range []*string{&f.File, &f.Member, &f.AgentFile, &f.AgentMember, &f.CallID} {
		*text = strings.ReplaceAll(*text, number, by)
	}
	return f
}

// mask is a number as it may be shown.
func mask(text, region string) string {
	n, err := number.Parse(text, region)
	if err != nil {
		return "***"
	}
	return n.Masked()
}

// startText is the start as a line tells it.
func (f Facts) startText() string {
	if f.start != "" || f.Start.IsZero() {
		return f.start
	}
	return f.Start.Format(time.RFC3339)
}
