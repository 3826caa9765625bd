package naming

import (
	"regexp"
	"slices"
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
	vicidialDate   = regexp.MustCompile(`^\d{8}-\d{6}$`)
	vicidialEpoch  = regexp.MustCompile(`^1\d{9}$`)
	// vicidialCall is its id of a call: a letter for the kind, date and time, and the lead.
	vicidialCall = regexp.MustCompile(`^[VMYJDS]\d{17,19}$`)
)

// vicidial reads a name as VICIdial builds it.
func vicidial(text string, in *time.Location, s sides) (f Facts, ok bool) {
	name := text
	if m := vicidialSuffix.FindStringSubmatch(name); m != nil {
		name = m[1]
		if f.Side, _ = s.side(m[2]); f.Side != Both { // it is one of the words
			f.Word = m[2]
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
		case f.Number == "" && isNumber(part) && !startBefore(part, parts[i+1:]):
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

// startBefore tells that a part is the start in seconds since 1970, since the number follows.
func startBefore(part string, rest []string) bool {
	return vicidialEpoch.MatchString(part) && slices.ContainsFunc(rest, isNumber)
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
