package calls

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/fault"
)

func (b *builder) rule(r fileRule) Rule {
	rule := Rule{
		Name: r.Name.value, Title: r.Title.value, Enabled: r.Enabled == nil || *r.Enabled, When: r.When.value, Limit: r.Limit.value,
		Window: b.window(r), Per: b.per(r.Per), Deny: r.Deny, Freeze: b.freeze(r),
	}
	if !nameForm.MatchString(rule.Name) {
		b.bad(max(r.line, r.Name.line), "name is %q; it must be of at most 40 small letters, digits, - and _", rule.Name)
	}
	if utf8.RuneCountInString(rule.Title) > maxTitle {
		b.bad(r.Title.line, "title has more than %d characters", maxTitle)
	}
	if rule.Limit < 1 || rule.Limit > MaxLimit {
		b.bad(max(r.line, r.Limit.line), "limit is %d; it must lie between 1 and %d", rule.Limit, MaxLimit)
	}
	b.condition(&rule, r)
	return rule
}

func (b *builder) condition(rule *Rule, r fileRule) {
	switch {
	case r.When.line == 0:
		b.bad(r.line, "when is missing: on which calls does the rule count? when: \"true\" counts all")
		return
	case len(rule.When) > maxCondition:
		b.bad(r.When.line, "when has %d bytes; the most is %d", len(rule.When), maxCondition)
		return
	}
	var err error
	if rule.condition, err = compile(rule.When); err != nil {
		b.bad(r.When.line, "when %s", err)
	}
}

func (b *builder) window(r fileRule) Window {
	text := r.Window.value
	if text == "day" {
		return Window{Day: true}
	}
	length, ok := period(text)
	switch {
	case r.Window.line == 0:
		b.bad(r.line, "window is missing: day for a calendar day, or a length such as 24h")
	case !ok:
		b.bad(r.Window.line, "window is %q; it must be day, or a length such as 24h or 7d%s", text, fault.DidYouMean(text, []string{"day"}))
	case length < MinWindow || length > MaxWindow:
		b.bad(r.Window.line, "window is %s; it must lie between %s and %dd", text, MinWindow, MaxWindow/(24*time.Hour))
	}
	return Window{Length: length}
}

func (b *builder) per(l located[string]) Per {
	switch p := Per(l.value); {
	case l.line == 0:
		return PerNumber
	case p != PerNumber && p != PerNumberAndAgent:
		b.bad(l.line, "per is %q; it must be %s or %s%s", l.value, PerNumber, PerNumberAndAgent,
			fault.DidYouMean(l.value, []string{string(PerNumber), string(PerNumberAndAgent)}))
	}
	return Per(l.value)
}

func (b *builder) freeze(r fileRule) time.Duration {
	text := r.Freeze.value
	switch {
	case r.Freeze.line == 0 && !r.Deny:
		b.bad(r.line, "what follows is missing: freeze: 30d (or: until released), or deny: true")
		return 0
	case r.Freeze.line == 0:
		return 0
	case r.Deny:
		b.bad(r.Freeze.line, "a rule either freezes or denies; remove freeze or deny")
		return 0
	case text == "until released":
		return 0
	}
	d, ok := period(text)
	if !ok || d < time.Minute || d > maxFreeze {
		b.bad(r.Freeze.line, "freeze is %q; it must be a period such as 30d or 12h, or: until released", text)
	}
	return d
}

// period reads a length such as 30d, or Go's 24h and 90m.
func period(text string) (time.Duration, bool) {
	if digits, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(digits); err == nil && n > 0 && n <= 36500 {
			return time.Duration(n) * 24 * time.Hour, true
		}
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d > 0
}
