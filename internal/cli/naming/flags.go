package naming

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/cli/when"
)

// Help tells what names may say and how.
const Help = `A template says where in a file's name the particulars are: {call_id}, {number},
{part}, {agent}, {line}, {start}, {side}, {source}, and {ignore} for anything else. A
field may be told what it looks like, as a regular expression: {call_id:[0-9.]+}. A
template with slashes reads the names of folders, too. --name-regex is a regular
expression with groups of these names instead, such as (?P<number>[0-9]{11}).

A preset knows how a system names its files:
  freeswitch           3f1c2c1e-8d1b-4c8e-9e0a-2f6d5b7a9c10.wav
                       2026-11-27-09-15-00_13800138000_8001.wav
                       2026-11-27-09-15-00.13800138000.8001.UUID.wav
                       8001.2026-11-27-09-15-00.wav
  asterisk-mixmonitor  out-13800138000-8001-20261127-091500-1764.11.wav, exten-, q-,
                       rg-, internal-, force-; OUT8001-20261127-091500-UNIQUEID.wav;
                       UNIQUEID.wav; each with -r and -t for the two sides
  asterisk-monitor     the same and any other name, with -in and -out for the sides
  vicidial             20261127-091500_13800138000_8001-all.wav, with campaign and agent
                       before or behind, with -in and -out, S_ and FR_ for stereo

What is received from a channel (in, r) is what its party says. With asterisk-monitor
that is taken to be the agent, who dials, with the others the customer; --customer-side
says which it is.

A start in a name is in --zone, Asia/Shanghai unless told otherwise.`

// Flags are what a user may say of how files are named.
type Flags struct {
	Template, Preset, Regex string
	times                   *when.Reader
	customer                string
}

// AddFlags adds them to a command, and those of times, which are read in the same way in names as elsewhere.
func AddFlags(cmd *cobra.Command, times *when.Reader) *Flags {
	f, flags := &Flags{times: times}, cmd.Flags()
	times.Flags(cmd)
	flags.StringVar(&f.Template, "template", "", "how the files' names are built, such as "+
		"'{call_id}_{number}.wav'")
	flags.StringVar(&f.Preset, "preset", "", "the `system` that named the files: "+strings.Join(Presets(), "|"))
	flags.StringVar(&f.Regex, "name-regex", "", "regular `expression` whose named groups are what a file's name says")
	flags.StringVar(&f.customer, "customer-side", "", "which file of a pair has the customer: `in|out`")
	cmd.MarkFlagsMutuallyExclusive("template", "preset", "name-regex")
	_ = cmd.RegisterFlagCompletionFunc("preset",
		cobra.FixedCompletions(Presets(), cobra.ShellCompDirectiveNoFileComp))
	return f
}

// Given tells that a user said how files are named.
func (f *Flags) Given() bool { return f.Template != "" || f.Preset != "" || f.Regex != "" }

// Location is the zone of the times in names.
func (f *Flags) Location() (*time.Location, error) {
	if err := f.times.Open(); err != nil {
		return nil, usage.Errorf("%v", err)
	}
	return f.times.Zone, nil
}

// Reader is how names are read, nil where nobody said how. Needed are the fields that a template
// or regular expression must hold.
func (f *Flags) Reader(needed ...string) (Reader, error) {
	zone, err := f.Location()
	if err != nil {
		return nil, err
	}
	if f.customer != "" && f.customer != "in" && f.customer != "out" {
		return nil, usage.Errorf("--customer-side %q must be in or out", f.customer)
	}
	s := sides{f.customer}
	switch {
	case f.Template != "":
		t, err := compileTemplate(f.Template, needed...)
		if err != nil {
			return nil, err
		}
		return t.reader(zone, s), nil
	case f.Preset != "":
		return presetReader(f.Preset, zone, s)
	case f.Regex != "":
		return regexReader(f.Regex, zone, s, needed)
	}
	return nil, nil // nobody said how, which is no mistake
}

// regexReader reads names by a regular expression.
func regexReader(text string, in *time.Location, s sides, needed []string) (Reader, error) {
	pattern, err := regexp.Compile(text)
	if err != nil {
		return nil, usage.Errorf("--name-regex: %v", err)
	}
	if err := checkGroups(pattern, needed); err != nil {
		return nil, err
	}
	return func(path string) (f Facts, err error) {
		name := filepath.ToSlash(path)
		m := pattern.FindStringSubmatch(name)
		if m == nil {
			return f, fmt.Errorf("the name %q does not fit --name-regex %q", name, text)
		}
		for i, group := range pattern.SubexpNames() {
			if group == "" {
				continue
			}
			if err := f.set(group, m[i], in, s); err != nil {
				return f, fmt.Errorf("%s %q %w", group, m[i], err)
			}
		}
		return f, nil
	}, nil
}

// checkGroups reports groups that mean nothing, and those that are missing.
func checkGroups(pattern *regexp.Regexp, needed []string) error {
	named := map[string]bool{}
	for _, group := range pattern.SubexpNames() {
		if _, known := fieldPatterns[group]; group != "" && (!known || group == ignored) {
			return usage.Errorf("--name-regex: there is no field %q; use call_id, number, part, agent, line, start, "+
				"side or source as (?P<number>...)", group)
		}
		named[group] = true
	}
	delete(named, "")
	if len(named) == 0 {
		return usage.Errorf("--name-regex has no named group, such as (?P<number>[0-9]{11})")
	}
	for _, n := range needed {
		if !named[n] {
			return usage.Errorf("--name-regex must have a group (?P<%s>...)", n)
		}
	}
	return nil
}
