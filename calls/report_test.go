package calls_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/number"
)

func report(t testing.TB) calls.Call {
	t.Helper()
	n, err := number.Parse("13800138000", "")
	require.NoError(t, err)
	return calls.Call{ID: "call-1", Number: n, Agent: "李", Line: "sales", CallerID: "01012345678",
		Start:   date("2026-03-02T01:00:00Z"),
		Outcome: calls.Answered, Talk: 15 * time.Second, EndedBy: calls.ByCustomer, Code: "sip 200",
		Revision: 1}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	now := date("2026-03-02T01:00:00Z")
	long := strings.Repeat("长", 43) // 129 bytes
	for _, tt := range []struct {
		name   string
		change func(*calls.Call)
		want   string // "" where nothing is wrong
	}{
		{"as it should be", func(*calls.Call) {}, ""},
		{"nothing that may be missing", func(c *calls.Call) {
			c.Agent, c.Line, c.CallerID, c.Code, c.EndedBy = "", "", "", "", ""
		}, ""},
		{"voicemail", func(c *calls.Call) { c.Outcome = calls.Voicemail }, ""},
		{"a day of talk", func(c *calls.Call) {
			c.Start, c.Talk = now.Add(-24*time.Hour), 24*time.Hour
		}, ""},
		{"talk up to now, by a clock that is ahead", func(c *calls.Call) {
			c.Start, c.Talk = now.Add(-time.Hour), time.Hour+10*time.Minute
		}, ""},
		{"talk in milliseconds", func(c *calls.Call) {
			c.Start, c.Talk = now.Add(-10*time.Second), 14200*time.Second
		}, "talk: is 3h56m40s, so that the call would end 3h57m0s ahead of this server's clock; " +
			"are these milliseconds?"},
		{"talk in milliseconds, by a clock that is ahead", func(c *calls.Call) {
			c.Start, c.Talk = now.Add(time.Minute), 14200*time.Second
		}, "are these milliseconds?"},
		{"a clock that is ahead", func(c *calls.Call) { c.Start = now.Add(10 * time.Minute) }, ""},
		{"128 bytes", func(c *calls.Call) { c.ID = strings.Repeat("x", 128) }, ""},
		{"no id", func(c *calls.Call) { c.ID = "" }, "call_id: is empty"},
		{"a long id", func(c *calls.Call) { c.ID = long }, "call_id: has 129 bytes; at most 128"},
		{"an id that can't be printed", func(c *calls.Call) { c.ID = "a\x00" },
			`call_id: is "a\x00"`},
		{"an id with nothing to see", func(c *calls.Call) { c.ID = "a\u200b" }, "call_id: is"},
		{"no number", func(c *calls.Call) { c.Number = number.Number{} }, "number: is missing"},
		{"no start", func(c *calls.Call) { c.Start = time.Time{} }, "start_time: is missing"},
		{"a wrong zone", func(c *calls.Call) { c.Start = now.Add(8 * time.Hour) },
			"8h0m0s ahead of this server's clock; is its time zone right?"},
		{"a little too far ahead", func(c *calls.Call) { c.Start = now.Add(10*time.Minute + 1) },
			"start_time"},
		{"an epoch", func(c *calls.Call) { c.Start = time.Unix(0, 0) },
			"start_time: is 1970-01-01T00:00:00Z"},
		{"no outcome", func(c *calls.Call) { c.Outcome, c.Talk = "", 0 }, "outcome"},
		{"another outcome", func(c *calls.Call) { c.Outcome, c.Talk = "reject", 0 },
			`did you mean "rejected"?`},
		{"a negative talk", func(c *calls.Call) { c.Talk = -1 },
			"talk: is -1ns; it must lie between 0 and 24h0m0s"},
		{"an endless talk", func(c *calls.Call) { c.Talk = 24*time.Hour + 1 }, "talk"},
		{"talk of what rang", func(c *calls.Call) { c.Outcome = calls.NoAnswer },
			"talk: is 15s, but the outcome is no_answer"},
		{"another party", func(c *calls.Call) { c.EndedBy = "boss" }, `ended_by: is "boss"`},
		{"no revision", func(c *calls.Call) { c.Revision = 0 }, "revision: is 0"},
		{"a long agent", func(c *calls.Call) { c.Agent = long }, "agent: has 129 bytes"},
		{"a line of no text", func(c *calls.Call) { c.Line = "\xff" }, "line: is not UTF-8"},
		{"a caller id of two lines", func(c *calls.Call) { c.CallerID = "a\nb" },
			"caller_id: contains control characters"},
		{"a long code", func(c *calls.Call) { c.Code = long }, "code: has 129 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := report(t)
			tt.change(&c)
			err := c.Check(now)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
}

func TestCheckNamesEveryField(t *testing.T) {
	t.Parallel()
	err := calls.Call{Talk: -1, EndedBy: "x", Agent: "\n", Line: "\n", CallerID: "\n",
		Code: "\n"}.Check(date("2026-03-02T01:00:00Z"))
	for _, field := range []string{"call_id", "number", "agent", "line", "caller_id", "start_time",
		"outcome", "talk", "ended_by", "code", "revision"} {
		require.ErrorContains(t, err, "; "+field+": ")
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	as := func(change func(*calls.Call)) calls.Call {
		c := report(t)
		c.Revision = 5
		change(&c)
		return c
	}
	same := func(*calls.Call) {}
	for _, tt := range []struct {
		name   string
		stored func(*calls.Call) // nil for none
		in     func(*calls.Call)
		want   calls.Status
		keeps  bool // what was stored
	}{
		{"the first", nil, same, calls.Created, false},
		{"settles a reservation", func(c *calls.Call) {
			c.Revision, c.Outcome, c.Talk = 0, calls.Pending, 0
		}, same, calls.Created, false},
		{"a later one", func(c *calls.Call) { c.Revision = 4 },
			func(c *calls.Call) { c.Outcome, c.Talk = calls.Busy, 0 }, calls.Updated, false},
		{"again", same, same, calls.Unchanged, true},
		{"again, by its nanoseconds", same, func(c *calls.Call) {
			c.Start, c.Talk = c.Start.Add(999), c.Talk+999
		}, calls.Unchanged, true},
		{"again, in another zone", same, func(c *calls.Call) {
			c.Start = c.Start.In(time.FixedZone("CST", 8*3600))
		}, calls.Unchanged, true},
		{"what is computed makes no difference", func(c *calls.Call) { c.Untrusted = true }, same,
			calls.Unchanged, true},
		{"an earlier one", same, func(c *calls.Call) {
			c.Revision, c.Outcome, c.Talk = 4, calls.Busy, 0
		}, calls.Stale, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := as(tt.in)
			if tt.stored == nil {
				got, status, err := calls.Merge(nil, in)
				require.NoError(t, err)
				require.Equal(t, tt.want, status)
				require.Equal(t, in, got)
				return
			}
			stored := as(tt.stored)
			got, status, err := calls.Merge(&stored, in)
			require.NoError(t, err)
			require.Equal(t, tt.want, status)
			require.Equal(t, map[bool]calls.Call{true: stored, false: in}[tt.keeps], got)
		})
	}
}

func TestMergeOfContradictions(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*calls.Call){
		"number":     func(c *calls.Call) { c.Number = number.Number{} },
		"start_time": func(c *calls.Call) { c.Start = c.Start.Add(10*time.Minute + 1000) },
		"outcome":    func(c *calls.Call) { c.Outcome = calls.Voicemail },
		"talk":       func(c *calls.Call) { c.Talk += time.Microsecond },
		"ended_by":   func(c *calls.Call) { c.EndedBy = calls.ByAgent },
		"code":       func(c *calls.Call) { c.Code = "" },
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			stored, in := report(t), report(t)
			change(&in)
			got, _, err := calls.Merge(&stored, in)
			require.ErrorContains(t, err, "revision 1 is known with another "+field+";")
			require.Equal(t, fault.Exists, fault.KindOf(err))
			require.Equal(t, "REVISION_CONFLICT", fault.ReasonOf(err))
			require.Equal(t, stored, got)
		})
	}
	stored, in := report(t), report(t)
	in.Number, in.Code = number.Number{}, "y"
	_, _, err := calls.Merge(&stored, in)
	require.ErrorContains(t, err, "another number, code;")
}

// A merged call is as it will be read again.
func TestMergeRounds(t *testing.T) {
	t.Parallel()
	in := report(t)
	in.Start, in.Talk = in.Start.Add(1999).In(time.FixedZone("CST", 8*3600)), in.Talk+1999
	in.Untrusted, in.ReservedUntil = true, in.Start
	got, _, err := calls.Merge(nil, in)
	require.NoError(t, err)
	want := report(t)
	want.Start, want.Talk = want.Start.Add(time.Microsecond), want.Talk+time.Microsecond
	require.Equal(t, want, got)
}
