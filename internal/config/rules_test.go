package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
)

func TestRules(t *testing.T) {
	t.Parallel()
	shipped := calls.Default()
	for name, tt := range map[string]struct {
		text string
		want func(t *testing.T, set *calls.RuleSet)
	}{
		"none": {"data: x\n", func(t *testing.T, set *calls.RuleSet) {
			t.Helper()
			require.Nil(t, set)
		}},
		"hours by one line": {"rules: {hours: {enabled: true}}\n",
			func(t *testing.T, set *calls.RuleSet) {
				t.Helper()
				require.Equal(t, calls.Hours{Enabled: true, From: 8 * time.Hour,
					To: 21 * time.Hour}, set.Hours)
				require.Len(t, set.Rules, len(shipped.Rules))
				require.Equal(t, shipped.Rules[0].When, set.Rules[0].When)
				require.Equal(t, shipped.Rules[0].Freeze, set.Rules[0].Freeze)
				require.Equal(t, shipped.Guard, set.Guard)
				require.Equal(t, "Asia/Shanghai", set.Zone.String())
				require.Regexp(t, `^rules@[0-9a-f]{8}$`, set.Version)
			}},
		"over lines": {"rules:\n  # mine\n  name: spring\n  hours:\n    enabled: true\n" +
			"    from: \"09:30\"\n", func(t *testing.T, set *calls.RuleSet) {
			t.Helper()
			require.Equal(t, "09:30-21:00", set.Hours.String())
			require.Regexp(t, `^spring@`, set.Version)
			require.Len(t, set.Rules, len(shipped.Rules))
		}},
		"guard and zone": {"rules: {zone: UTC, guard: {calls: 50}}\n",
			func(t *testing.T, set *calls.RuleSet) {
				t.Helper()
				require.Equal(t, calls.Guard{Enabled: true, Calls: 50, RejectedShare: 0.5},
					set.Guard)
				require.Equal(t, "UTC", set.Zone.String())
				require.False(t, set.Hours.Enabled)
			}},
		"no rules at all": {"rules: {rules: []}\n", func(t *testing.T, set *calls.RuleSet) {
			t.Helper()
			require.Empty(t, set.Rules)
		}},
		"own rules": {"rules:\n  rules:\n" +
			"    - {name: one, when: \"true\", limit: 1, window: 1h, deny: true}\n",
			func(t *testing.T, set *calls.RuleSet) {
				t.Helper()
				require.Len(t, set.Rules, 1)
				require.Equal(t, calls.Window{Length: time.Hour}, set.Rules[0].Window)
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Load(write(t, tt.text))
			require.NoError(t, err)
			require.NoError(t, c.Validate())
			set, err := c.RuleSet()
			require.NoError(t, err)
			tt.want(t, set)
			again, err := c.RuleSet()
			require.NoError(t, err)
			if set != nil {
				require.Equal(t, set.Version, again.Version,
					"each start would take it for other rules")
			}
		})
	}
}

func TestRulesThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"a list": {"rules: [1]\n", "rules: "},
		"a word": {"rules: none\n", "rules: "},
		"unknown key": {"rules:\n  hors: {enabled: true}\n",
			`line 1: field "hors" is unknown here; did you mean "hours"`},
		"wrong hours": {"rules:\n  name: a\n  hours: {enabled: maybe}\n",
			`line 2: enabled is "maybe"`},
		"bad condition": {"rules:\n  rules:\n" +
			"    - {name: one, when: \"call.talks > 3\", limit: 1, window: day, deny: true}\n",
			"call.talks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Load(write(t, tt.text))
			require.NoError(t, err)
			require.ErrorContains(t, c.Validate(), tt.want)
		})
	}
}

// What a code means can be said for all lines and for one, with or without quotes.
func TestCodes(t *testing.T) {
	t.Parallel()
	c, err := Load(write(t, `
calls:
  codes: {sip: {480: no_answer}}
  lines:
    trunk-b: {sip: {"603": failed}, asterisk: {CONGESTION: busy}}
`))
	require.NoError(t, err)
	require.NoError(t, c.Validate())
	codes, err := c.Calls.Translator()
	require.NoError(t, err)
	for _, tt := range []struct {
		line   string
		system calls.System
		code   string
		want   calls.Outcome
	}{
		{"", calls.SIP, "480", calls.NoAnswer}, {"trunk-b", calls.SIP, "480", calls.NoAnswer},
		{"", calls.SIP, "603", calls.Rejected}, {"trunk-b", calls.SIP, "603", calls.Failed},
		{"trunk-b", calls.Asterisk, "CONGESTION", calls.Busy},
		{"trunk-a", calls.Asterisk, "CONGESTION", calls.Failed},
	} {
		got, err := codes.Outcome(tt.line, tt.system, tt.code, calls.NobodyKnown)
		require.NoError(t, err)
		require.Equal(t, tt.want, got, "%+v", tt)
	}
	c, err = Load(write(t, "calls: {lines: {b: {sip: {\"603\": refused}, isdn: {}}}}\n"+
		"report: {cost_per_call: -1}\n"))
	require.NoError(t, err)
	for _, want := range []string{"b.sip.603", "b.isdn", "report.cost_per_call"} {
		require.ErrorContains(t, c.Validate(), want)
	}
}
