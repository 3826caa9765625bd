package record

import (
	"regexp"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/number"
)

// Masked is f without numbers in full: not in the names of files, either, whether or not it is known
// what they are.
func (f Facts) Masked(region string) Facts {
	if f.Number != "" {
		shown := mask(f.Number, region)
		f = f.replaced(func(s string) string { return strings.ReplaceAll(s, f.Number, shown) })
		f.Number = shown
	}
	return f.replaced(maskMobiles)
}

// InFull is f with its number in E.164, where it is a number.
func (f Facts) InFull(region string) Facts {
	if n, err := number.Parse(f.Number, region); err == nil {
		f.full = f.Number
		f.Number = n.E164()
	}
	return f
}

// masked is f as it is compared: as Masked makes it, also where the number is there in full.
func (f Facts) masked() Facts {
	if n, err := number.FromE164(f.Number); err == nil {
		for _, written := range []string{f.full, n.E164(), strings.TrimPrefix(n.E164(), "+"), "0" + national(n), national(n)} {
			if len(written) > 1 && strings.Contains(f.File+f.Member+f.AgentFile+f.AgentMember, written) {
				f = f.replaced(func(s string) string { return strings.ReplaceAll(s, written, n.Masked()) })
				break
			}
		}
	}
	return f.replaced(maskMobiles)
}

// national is a Chinese number without its country code.
func national(n number.Number) string {
	rest, ok := strings.CutPrefix(n.E164(), "+86")
	if !ok {
		return ""
	}
	return rest
}

func (f Facts) replaced(change func(string) string) Facts {
	for _, text := range []*string{&f.File, &f.Member, &f.AgentFile, &f.AgentMember, &f.CallID} {
		*text = change(*text)
	}
	return f
}

// digits are what a number in a name may be, with the mark of a country code.
var digits = regexp.MustCompile(`\+?\d+`)

// maskMobiles masks what is a Chinese mobile number in a name.
func maskMobiles(name string) string {
	return digits.ReplaceAllStringFunc(name, func(found string) string {
		mobile := strings.TrimPrefix(found, "+")
		if len(mobile) == 13 {
			mobile = strings.TrimPrefix(mobile, "86")
		}
		if len(mobile) != 11 || mobile[0] != '1' || mobile[1] < '3' {
			return found
		}
		return mask(mobile, "CN")
	})
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
