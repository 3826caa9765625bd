package naming

import (
	"regexp"
	"strings"
	"time"
)

// VICIdial builds names of parts that the campaign chooses, joined by underscores, such as FULLDATE_CUSTPHONE (its
// default), FULLDATE_CUSTPHONE_CAMPAIGN_AGENT and CAMPAIGN_AGENT_FULLDATE_CUSTPHONE. What a part is,
// is told by what it looks like.
var (
	vicidialSuffix = regexp.MustCompile(`^(.+?)-(all|mix|in|out)$`)
	// vicidialPrefix is what stereo recordings begin with: full, customer alone, customer muted.
	vicidialPrefix = regexp.MustCompile(`^(?:(FR|CO|CM)_)?(?:S_)?`)
	vicidialDate   = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}$`)
	vicidialEpoch  = regexp.MustCompile(`^1[0-9]{9}$`)
	// vicidialCall is its id of a call: a letter for the kind, date and time, and the lead.
	vicidialCall = regexp.MustCompile(`^[VMYJDS][0-9]{17,19}$`)
)

// vicidial reads a name as VICIdial builds it.
func vicidial(text string, in *time.Location, s sides) (f Facts, ok bool) {
	name := text
	if m := vicidialSuffix.FindStringSubmatch(name); m != nil {
		name = m[1]
		f.Word = m[2]
		f.Side, _ = s.side(m[2]) // it is one of the words
		if f.Side == Both {
			f.Word = ""
		}
	}
	f.CallID = name
	prefix := vicidialPrefix.FindString(name)
	parts := strings.Split(name[len(prefix):], "_")
	if f.Part = strings.TrimSuffix(prefix, "_"); f.Part == "S" {
		f.Part = ""
	}
	var rest []string
	for i, part := range parts {
		switch {
		case f.Start.IsZero() && vicidialDate.MatchString(part):
			t, err := Time(part, in)
			if err != nil {
				return f, false
			}
			f.Start = t
		case f.Number == "" && isNumber(part) && !(vicidialEpoch.MatchString(part) && laterNumber(parts[i+1:])):
			f.Number = part
		case vicidialCall.MatchString(part):
			f.CallID = part
		default:
			rest = append(rest, part)
		}
	}
	if f.Start.IsZero() {
		rest = f.epoch(rest, in)
	}
	f.agentOf(rest)
	return f, !f.Start.IsZero() && (f.Number != "" || len(rest) > 0)
}

// laterNumber tells that a number follows.
func laterNumber(parts []string) bool {
	for _, p := range parts {
		if isNumber(p) {
			return true
		}
	}
	return false
}

// epoch takes the seconds since 1970 for the start.
func (f *Facts) epoch(parts []string, in *time.Location) (rest []string) {
	for _, p := range parts {
		if f.Start.IsZero() && vicidialEpoch.MatchString(p) {
			f.Start, _ = Time(p, in) // it is one
			continue
		}
		rest = append(rest, p)
	}
	return rest
}

// agentOf takes the last of what is left for the agent, and what comes before for the campaign.
func (f *Facts) agentOf(rest []string) {
	if len(rest) == 0 {
		return
	}
	f.Agent = rest[len(rest)-1]
	f.Line = strings.Join(rest[:len(rest)-1], "_")
}
