package calls

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCondition(t *testing.T) {
	t.Parallel()
	c := &Call{ID: "id-1", Agent: "李", Line: "sales", CallerID: "01012345678",
		Start: time.Date(2026, 3, 2, 13, 0, 0, 0, time.UTC), Outcome: Answered,
		Talk: 15 * time.Second, EndedBy: ByCustomer, Code: "sip 200"}
	for _, tt := range []struct {
		when string
		want bool
	}{
		{"true", true},
		{"false", false},
		{"call.id == 'id-1' && call.agent == '李' && call.line == 'sales'", true},
		{"call.caller_id.startsWith('010')", true},
		{"call.code.matches('^sip 2[0-9]{2}$')", true},
		{"call.outcome in ['answered', 'voicemail']", true},
		{"call.outcome != 'answered'", false},
		{"call.talk <= duration('15s')", true},
		{"call.talk < duration('15s')", false},
		{"call.ended_by == 'customer' && call.talk < duration('1m')", true},
		{"call.ended_by == ''", false},
		{"call.start.getHours('Asia/Shanghai') >= 20", true},
		{"call.start >= timestamp('2026-03-03T00:00:00Z')", false},
		{"call.agent\n  == '李'", true},
		// What can't be computed holds for no call.
		{"1 / (size(call.id) - 4) > 0", false},
		{"call.start.getHours(call.line) > 0", false},
		{"call.code.matches(call.id + '(')", false},
		{"int(call.line) > 0", false},
	} {
		t.Run(tt.when, func(t *testing.T) {
			t.Parallel()
			compiled, err := compile(tt.when)
			require.NoError(t, err)
			require.Equal(t, tt.want, compiled.holds(c))
		})
	}
	require.False(t, condition{}.holds(c))
}

func TestConditionsRefused(t *testing.T) {
	t.Parallel()
	for when, want := range map[string]string{
		"":                "can't be read: mismatched input",
		"call.outcome ==": "can't be read: at column 16",
		"call.outcome": "must say yes or no, but gives a string; compare " +
			"it with something",
		"call.talk":                        "must say yes or no, but gives a",
		"call.talk > 15":                   "found no matching overload",
		"call.tak > duration('15s')":       `undeclared reference to 'call.tak' (did you mean 'call.talk'?); there are call.agent, call.caller_id`,
		"true &&\n  call.outcom == 'busy'": `at its line 2, column 7: undeclared reference to 'call.outcom' (did you mean 'call.outcome'?)`,
		"call.number == '1'":               "undeclared reference to 'call",
		"'李' == '李' && call.agnt == ''":    `undeclared reference to 'call.agnt' (did you mean 'call.agent'?)`,
		"call == 1":                        "undeclared reference to 'call'",
		"cal.talk > duration('15s')": "undeclared reference to 'cal.talk' (did you mean " +
			"'call.talk'?)",
		"call.outcome == 'reject'":            `asks for "reject", which is none of answered, rejected`,
		"call.outcome in ['busy', 'failled']": `did you mean "failed"?`,
		"'agnet' != call.ended_by":            `did you mean "agent"?`,
		"[1].exists(x, x == 1)":               "undeclared reference to",
		strings.Repeat("[", 400):              "can't be read: expression recursion limit exceeded",
		"call.id.matches('(')":                "can't be used: ",
	} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			_, err := compile(when)
			require.ErrorContains(t, err, want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// Words that are compared with something else than outcomes are free.
func TestConditionWordsElsewhere(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"call.line == 'reject'", "call.outcome == ''",
		"call.outcome == call.code", "call.outcome.startsWith('re')", "1 == 1"} {
		_, err := compile(when)
		require.NoError(t, err, when)
	}
}

// Cheap conditions are evaluated without measuring, dear ones are stopped.
func TestConditionCost(t *testing.T) {
	t.Parallel()
	call := &Call{ID: strings.Repeat("x", MaxText), Agent: strings.Repeat("a", MaxText)}
	piece := "(call.id + call.agent + call.id + call.agent + call.id + call.agent)"
	cheap := piece + " != 'x'"
	dear := strings.TrimSuffix(strings.Repeat("("+piece+"+"+piece+
		").matches('(x+x+)+y') == false && ", 11), " && ")
	for when, want := range map[string]bool{cheap: true, dear: false,
		"string(call.start) != 'x'": true} {
		require.LessOrEqual(t, len(when), maxCondition)
		compiled, err := compile(when)
		require.NoError(t, err)
		require.Equal(t, want, compiled.holds(call), when)
	}
}

func BenchmarkCondition(b *testing.B) {
	c, rule := &Call{Outcome: Answered, Talk: 20 * time.Second}, &Default().Rules[0]
	b.ReportAllocs()
	for b.Loop() {
		rule.condition.holds(c)
	}
}
