package calls_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
)

const whole = `name: spring-2026
zone: America/New_York
rules:
  - name: rejected
    title: 拒接两次
    enabled: false
    when: call.outcome == 'rejected'
    limit: 2
    window: 7d
    per: number_and_agent
    freeze: until_released
  - name: tries
    when: "true"
    limit: 1000
    window: day
    deny: yes
hours:
  enabled: true
  from: 09:30
  to: "24:00"
guard:
  enabled: false
  calls: 50
  rejected_share: 0.75
same_call: 1m
`

func TestDefault(t *testing.T) {
	t.Parallel()
	set := calls.Default()
	require.Same(t, set, calls.Default())
	require.Regexp(t, `^shipped@[0-9a-f]{8}$`, set.Version)
	require.Equal(t, "Asia/Shanghai", set.Zone.String())
	require.Len(t, set.Rules, 2)
	short, attempts := set.Rules[0], set.Rules[1]
	require.Equal(t, "rejected-or-short", short.Name)
	require.Equal(t, "call.outcome == 'rejected' || (call.outcome == 'answered' && call.talk <= "+
		"duration('15s'))", short.When)
	require.Equal(t, []any{true, 3, calls.Window{Day: true}, calls.PerNumber, false,
		30 * 24 * time.Hour},
		[]any{short.Enabled, short.Limit, short.Window, short.Per, short.Deny, short.Freeze})
	require.Equal(t, "attempts-a-day", attempts.Name)
	require.Equal(t, []any{true, 6, calls.Window{Day: true}, calls.PerNumber, true,
		time.Duration(0)},
		[]any{attempts.Enabled, attempts.Limit, attempts.Window, attempts.Per, attempts.Deny,
			attempts.Freeze})
	require.Equal(t, calls.Hours{From: 8 * time.Hour, To: 21 * time.Hour}, set.Hours)
	require.Equal(t, calls.Guard{Enabled: true, Calls: 20, RejectedShare: 0.5}, set.Guard)
	require.Equal(t, 10*time.Second, set.SameCall)
}

func TestParse(t *testing.T) {
	t.Parallel()
	set := parse(t, whole)
	require.Regexp(t, `^spring-2026@[0-9a-f]{8}$`, set.Version)
	require.Equal(t, whole, string(set.Source()))
	require.Equal(t, "America/New_York", set.Zone.String())
	one, two := set.Rules[0], set.Rules[1]
	require.Equal(t, []any{"rejected", "拒接两次", false, 2,
		calls.Window{Length: 7 * 24 * time.Hour}, calls.PerNumberAndAgent, false, time.Duration(0)},
		[]any{one.Name, one.Title, one.Enabled, one.Limit, one.Window, one.Per, one.Deny,
			one.Freeze})
	require.Equal(t, []any{"tries", "tries", true, 1000, calls.Window{Day: true}, calls.PerNumber,
		true},
		[]any{two.Name, two.Title, two.Enabled, two.Limit, two.Window, two.Per, two.Deny})
	require.Equal(t, calls.Hours{Enabled: true, From: 9*time.Hour + 30*time.Minute,
		To: 24 * time.Hour}, set.Hours)
	require.Equal(t, "09:30-24:00", set.Hours.String())
	require.Equal(t, calls.Guard{Calls: 50, RejectedShare: 0.75}, set.Guard)
	require.Equal(t, time.Minute, set.SameCall)
	require.Equal(t, "calendar day, America/New_York", two.Window.Describe(set.Zone))
	require.Equal(t, "rolling 168h0m0s", one.Window.Describe(set.Zone))
}

// What may be left out is as it is shipped.
func TestParseOfLittle(t *testing.T) {
	t.Parallel()
	set := parse(t, "rules: []")
	require.Regexp(t, `^rules@[0-9a-f]{8}$`, set.Version)
	require.Empty(t, set.Rules)
	require.Equal(t, calls.Default().Zone.String(), set.Zone.String())
	require.Equal(t, calls.Default().Hours, set.Hours)
	require.Equal(t, calls.Default().Guard, set.Guard)
	require.True(t, parse(t, "rules: []\nhours: {to: \"20:00\"}").Hours.Enabled,
		"who writes hours wants them")
	require.NotEqual(t, set.Version, parse(t, "rules: []\n").Version)

	only := parse(t, "{hours: {enabled: true}} # that is all")
	require.True(t, only.Hours.Enabled)
	require.Equal(t, "08:00-21:00", only.Hours.String())
	require.Len(t, only.Rules, 2)
	require.Equal(t, calls.Default().Rules[0].When, only.Rules[0].When)
	require.Contains(t, string(only.Source()), "rejected-or-short",
		"what a version means is in its source")
	require.Equal(t, only.Version, parse(t, string(only.Source())).Version)
	require.Len(t, parse(t, "{}").Rules, 2)

	for _, text := range []string{"rules: []", "{rules: []}", "  rules: []", "rules: [] # no more",
		"rules: []\n...\n", "hours: # when\n  to: \"20:00\""} {
		set := parse(t, text)
		require.Equal(t, calls.Default().SameCall, set.SameCall, text)
		require.Contains(t, string(set.Source()), "same_call: 10s", text)
		require.Equal(t, set.Version, parse(t, string(set.Source())).Version, text)
	}
	require.Zero(t, parse(t, "rules: []\nsame_call: off").SameCall)
	require.Equal(t, "rules: []\nsame_call: 0s",
		string(parse(t, "rules: []\nsame_call: 0s").Source()), "nothing is missing")

	aliased := parse(t, "rules:\n  - &one {name: a, when: &w \"true\", limit: 1, window: day, "+
		"freeze: 1d}\n  - {name: b, when: *w, limit: 2, window: 90m, freeze: 12h}\n")
	require.Equal(t, "true", aliased.Rules[1].When)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"nothing":       {whole, "", "there are no rules in it"},
		"only a remark": {whole, "# nothing\n", "there are no rules in it"},
		"a null":        {whole, "~", "there are no rules in it"},
		"not UTF-8":     {"拒接", "\xff", "save them as UTF-8"},
		"too big":       {whole, strings.Repeat("#", 256<<10+1), "the most is 262144"},
		"not YAML":      {"rules:", "rules: [", "line "},
		"two documents": {"hours:", "---\nhours:", "one YAML document"},
		"a list": {whole, "- a", "line 1: fields are expected here: guard, hours, " +
			"name, rules, same_call, zone"},
		"a field of another": {"zone:", "zones:",
			`line 2: field "zones" is unknown here; did you mean "zone"?`},
		"a field of a rule": {"window: 7d", "windw: 7d",
			`line 9: field "windw" is unknown here; did you mean "window"?`},
		"a field of hours": {"  to:", "  two:",
			`line 20: field "two" is unknown here; did you mean "to"?`},
		"a field of the guard": {"calls: 50", "call: 50",
			`line 23: field "call" is unknown here; did you mean "calls"?`},
		"a field twice": {"zone:", "name:", `line 2: field "name" is given twice`},
		"an odd name":   {"spring-2026", "spring 2026", `line 1: name is "spring 2026"`},
		"an odd zone": {"America/New_York", "Peking",
			`line 2: zone is "Peking"; it must be a time zone such as Asia/Shanghai`},
		"this machine's zone": {"America/New_York", "Local", `line 2: zone is "Local"`},
		"an empty zone":       {"America/New_York", "''", `line 2: zone is ""`},
		"rules that are none": {whole, "rules: many", "line 1: rules must be a list"},
		"a rule that is none": {whole, "rules: [many]", "line 1: fields are expected here"},
		"too many rules": {whole, "rules: [" + strings.Repeat("{}, ", 50) + "{}]",
			"there are 51 rules; the most is 50"},
		"an odd rule's name": {"name: rejected", "name: Rejected", `line 4: name is "Rejected"`},
		"no rule's name": {"  - name: tries\n    when", "  - when",
			"line 12: name is missing: give the rule one"},
		"a rule twice": {"name: tries", "name: rejected",
			`line 12: rule "rejected" is there already, at line 4`},
		"a long title": {"拒接两次", strings.Repeat("拒", 201),
			"line 5: title has 201 characters"},
		"perhaps": {"enabled: false\n    when", "enabled: perhaps\n    when",
			`line 6: enabled is "perhaps"; it must be true or false`},
		"a list for a value": {"limit: 2", "limit: [2]", "line 8: limit must be one value"},
		"no condition": {"    when: call.outcome == 'rejected'\n", "",
			"line 4: when is missing"},
		"a long condition": {"call.outcome == 'rejected'", "true" +
			strings.Repeat(" || true", 300), "line 7: when has 2404 bytes"},
		"a limit of words": {"limit: 2", "limit: two",
			`line 8: limit is "two"; it must be a whole number from 1 to 1000`},
		"a limit of none": {"limit: 2", "limit: 0", `line 8: limit is "0"`},
		"a high limit":    {"limit: 1000", "limit: 1001", `line 14: limit is "1001"`},
		"no limit":        {"    limit: 2\n", "", "line 4: limit is missing"},
		"no window":       {"    window: 7d\n", "", "line 4: window is missing"},
		"a window of words": {"window: 7d", "window: dy",
			`line 9: window is "dy"; it must be day, or a length such as 24h, 90m or 7d; did you mean "day"?`},
		"a window of seconds": {"window: 7d", "window: 90s", `line 9: window is "90s"`},
		"a long window": {"window: 7d", "window: 32d",
			"line 9: window is 32d; it must be from 1m to 31d"},
		"per what": {"number_and_agent", "number_and_agnt",
			`line 10: per is "number_and_agnt"; it must be number or number_and_agent; did you mean "number_and_agent"?`},
		"no end": {"    freeze: until_released\n", "",
			"line 4: what follows is missing: write freeze: 30d"},
		"both ends": {"deny: yes", "deny: yes\n    freeze: 30d",
			"line 12: a rule either freezes or denies"},
		"a denial that is none": {"deny: yes", "deny: false", "line 12: what follows is missing"},
		"a freeze of no days":   {"until_released", "0d", `line 11: freeze is "0d"`},
		"a freeze of no unit": {"until_released", "30",
			`line 11: freeze is "30"; it must be a period such as 30d or 12h`},
		"a freeze too long": {"until_released", "3651d", `line 11: freeze is "3651d"`},
		"a freeze misspelt": {"until_released", "until_relesed",
			`did you mean "until_released"?`},
		"hours of another kind": {"from: 09:30", "from: 9.30",
			`line 19: from is "9.30"; it must be a time of day`},
		"hours too late": {`"24:00"`, `"24:01"`, `line 20: to is "24:01"`},
		"hours the wrong way": {"from: 09:30", "from: 24:00",
			"line 18: hours are 24:00-24:00; from must be before to"},
		"a guard of none": {"calls: 50", "calls: 0", `line 23: calls is "0"`},
		"a share of none": {"0.75", "0", `line 24: rejected_share is "0"`},
		"a share of all": {"0.75", "75",
			`line 24: rejected_share is "75"; it must be a number over 0 and up to 1`},
		"one call of no time": {"same_call: 1m", "same_call: x",
			`line 25: same_call is "x"; it must be off, or a length from 0s to 10m0s`},
		"one call of an hour":  {"same_call: 1m", "same_call: 1h", `line 25: same_call is "1h"`},
		"one call before it":   {"same_call: 1m", "same_call: -1s", `line 25: same_call is "-1s"`},
		"one call of a list":   {"same_call: 1m", "same_call: [1]", "line 25: same_call must be one value"},
		"a share of no number": {"0.75", "NaN", `line 24: rejected_share is "NaN"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, whole, c.old)
			_, err := calls.Parse([]byte(strings.Replace(whole, c.old, c.new, 1)))
			require.ErrorContains(t, err, c.want)
			require.NotEmpty(t, problemsOf(t, err))
		})
	}
}

func problemsOf(t testing.TB, err error) calls.Problems {
	t.Helper()
	var problems calls.Problems
	require.ErrorAs(t, err, &problems)
	return problems
}

// What the page for supervisors shows can be used as it is.
func TestExamplesOfThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/rules.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.GreaterOrEqual(t, len(blocks), 4)
	for _, b := range blocks {
		switch text := b[1]; {
		case strings.HasPrefix(text, "  - {"):
			parse(t, "rules:\n"+text)
		case !strings.HasPrefix(text, "calls:"): // which is for refrain.yaml
			parse(t, text)
		}
	}
	require.Contains(t, string(page), calls.Default().Rules[0].When)
}

func TestParseNamesEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := calls.Parse([]byte("zone: x\nname: \"?\"\nrules:\n" +
		"  - {name: B, limt: 1, when: 'call.tak > 1', window: 1s}\nguard: {calls: x}\n"))
	var lines []int
	for _, p := range problemsOf(t, err) {
		lines = append(lines, p.Line)
		require.NotEmpty(t, p.What)
	}
	require.Equal(t, []int{1, 2, 4, 4, 4, 4, 4, 4, 5}, lines)
	require.Len(t, strings.Split(err.Error(), "\n"), 9)
}

func FuzzParse(f *testing.F) {
	f.Add(calls.Default().Source())
	f.Add([]byte(whole))
	f.Add([]byte("rules: &a [*a]"))
	f.Add([]byte("rules: [&a {name: *a, when: *a}]\nhours: *a\nguard: *a"))
	f.Add([]byte("rules: [{name: a, when: '(((((((((((((((((((((((((1', limit: 1, window: day, " +
		"freeze: 1d}]"))
	f.Add([]byte("rules: [{name: a, when: 'call.id.matches(\"(\")', limit: 1, window: 1h1m, " +
		"deny: on}]"))
	f.Add([]byte("rules: [{name: a, when: 'call.start < timestamp(\"x\")', limit: 1, window: " +
		"31d, deny: on}]"))
	f.Add([]byte("name: !!binary AA==\nrules: [{? [a] : b}]"))
	f.Add([]byte("{}"))
	f.Add([]byte("{name: &n a, hours: &h {from: 01:00}, zone: UTC}"))
	f.Add([]byte("name: *n"))
	f.Add([]byte("# a\nhours: # b\n  to: 12:00\n# c"))
	f.Add([]byte("rules: ~\nhours: {from: 9:5, to: 24:00}"))
	f.Fuzz(func(t *testing.T, source []byte) {
		set, err := calls.Parse(source)
		if err != nil {
			require.NotEmpty(t, problemsOf(t, err))
			return
		}
		again, err := calls.Parse(set.Source())
		require.NoError(t, err)
		require.Equal(t, set.Version, again.Version)
		require.Regexp(t, `^[A-Za-z0-9._-]{1,40}@[0-9a-f]{8}$`, set.Version)
		require.NotNil(t, set.Zone)
		require.True(t, 0 <= set.Hours.From && set.Hours.From < set.Hours.To &&
			set.Hours.To <= 24*time.Hour)
		require.True(t, set.Guard.Calls > 0 && set.Guard.RejectedShare > 0)
		for _, r := range set.Rules {
			require.True(t, r.Name != "" && r.Title != "" && r.Limit >= 1 &&
				r.Limit <= calls.MaxLimit &&
				(r.Per == calls.PerNumber || r.Per == calls.PerNumberAndAgent))
			require.NotEqual(t, r.Window.Day, r.Window.Length >= calls.MinWindow &&
				r.Window.Length <= calls.MaxWindow)
		}
		now := date("2026-03-02T10:00:00Z")
		h := calls.History{Calls: []calls.Call{{ID: "1", Start: now, Outcome: calls.Rejected},
			{ID: "2", Start: now, Outcome: calls.Answered, Talk: time.Second}}}
		timeline := calls.Timeline{{RuleSet: set}}
		timeline.Firings(h, now, now)
		timeline.Denials(h, now)
	})
}
