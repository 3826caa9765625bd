package gate

import (
	"fmt"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/freeze"
)

// Lang is a language for people.
type Lang string

// The languages.
const (
	Chinese Lang = "zh"
	English Lang = "en"
)

// Sentence says why, for people, in English where the language is not Chinese; "" where
// nothing speaks against the call. It does not name the number. Times are those of the
// rules' zone, rounded up to whole minutes. says tells what a refusal of a class says in the
// language, as lexicon.Lexicon.Says does; nil leaves the class's name.
func (a Answer) Sentence(lang Lang, says func(class string, lang Lang) string) string {
	a.Class = said(a.Class, lang, says)
	w := words(english{})
	if lang == Chinese {
		w = chinese{}
	}
	switch a.Reason {
	case Frozen:
		return w.frozen(a)
	case RuleLimit:
		return w.limit(a)
	case OutOfHours:
		return w.hours(a)
	case AllowListed:
		return w.allowed(a)
	case Stale:
		if lang == Chinese {
			return chinese{}.stale(a)
		}
		return english{}.stale(a)
	default:
		return ""
	}
}

func said(class string, lang Lang, says func(class string, lang Lang) string) string {
	switch {
	case says == nil || class == "":
		return class
	case lang != Chinese:
		lang = English
	}
	return says(class, lang)
}

// words are the sentences of a language.
type words interface {
	frozen(a Answer) string
	limit(a Answer) string
	hours(a Answer) string
	allowed(a Answer) string
}

// known shows up to when the gate knows, in the rules' zone.
func (a Answer) known() string { return a.Known.In(a.zone()).Format("2006-01-02 15:04:05") }

// until shows the answer's end in the rules' zone.
func (a Answer) until() string {
	t := a.Until.In(a.zone())
	if whole := t.Truncate(time.Minute); whole.Before(t) {
		t = whole.Add(time.Minute)
	}
	return t.Format("2006-01-02 15:04")
}

func (a Answer) zone() *time.Location {
	if a.Zone == nil {
		return time.UTC
	}
	return a.Zone
}

// isBeijing tells the zone that people don't call by its name in the database.
func (a Answer) isBeijing() bool { return a.zone().String() == "Asia/Shanghai" }

// rolling is the length of a rolling window, ok is false for a calendar day.
func (a Answer) rolling() (length time.Duration, ok bool) {
	text, ok := strings.CutPrefix(a.Day, "rolling ")
	if !ok {
		return 0, false
	}
	length, err := time.ParseDuration(text)
	return length, err == nil
}

type chinese struct{}

func (chinese) zone(a Answer) string {
	if a.isBeijing() {
		return "北京时间"
	}
	return a.zone().String() + " 时间"
}

func (w chinese) until(a Answer) string { return fmt.Sprintf("%s（%s）", a.until(), w.zone(a)) }

// cause is what made a freeze.
func (chinese) cause(a Answer) string {
	cause := map[freeze.Reason]string{
		freeze.Refused: "客户明确拒绝", freeze.Manual: "人工操作",
		freeze.Complained: "客户投诉", freeze.Imported: "名单导入",
	}[a.FreezeReason]
	switch {
	case a.FreezeReason == freeze.Ruled:
		return fmt.Sprintf("达到规则“%s”的上限", a.Rule)
	case cause == "":
		cause = string(a.FreezeReason)
	}
	if a.Class == "" || a.FreezeReason == freeze.Complained {
		return cause
	}
	return fmt.Sprintf("%s（%s）", cause, a.Class)
}

func (w chinese) frozen(a Answer) string {
	line := ""
	if a.Line != "" {
		line = fmt.Sprintf("在线路“%s”上", a.Line)
	}
	if a.Until.IsZero() {
		return fmt.Sprintf("该号码因%s%s已冻结，直到人工解除，请勿拨打。", w.cause(a), line)
	}
	return fmt.Sprintf("该号码因%s%s已冻结至 %s，请勿拨打。", w.cause(a), line, w.until(a))
}

func (w chinese) limit(a Answer) string {
	whose := "该号码的呼叫"
	if a.Agent != "" {
		whose = fmt.Sprintf("坐席“%s”对该号码的呼叫", a.Agent)
	}
	day := "按自然日计"
	if length, ok := a.rolling(); ok {
		day = fmt.Sprintf("按滚动 %s计", durationZH(length))
	}
	return fmt.Sprintf("%s按规则“%s”已计 %d 次，达到上限 %d 次（%s），%s前请勿拨打。", whose,
		a.Rule, a.Count, a.Limit, day, w.until(a))
}

func (w chinese) hours(a Answer) string {
	return fmt.Sprintf("不在允许外呼的时段（%s，%s），请于 %s起拨打。", a.Hours, w.zone(a),
		w.until(a))
}

func (w chinese) allowed(a Answer) string {
	despite := fmt.Sprintf("虽因%s被冻结", w.cause(a))
	if a.Overridden == RuleLimit {
		despite = fmt.Sprintf("虽已达到规则“%s”的上限", a.Rule)
	}
	return fmt.Sprintf("该号码%s，但在允许名单中，%s前可以拨打。", despite, w.until(a))
}

func (w chinese) stale(a Answer) string {
	then := "按配置请勿拨打。"
	if a.Allowed {
		then = "按配置可以拨打。"
	}
	return fmt.Sprintf("本网关与中心失去联系，只知道截至 %s（%s）的情况，当时没有不可拨打的理由；%s", a.known(), w.zone(a), then)
}

// durationZH is a window's length, in its largest whole unit.
func durationZH(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0 && d > 24*time.Hour:
		return fmt.Sprintf("%d 天", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%d 小时", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d 分钟", d/time.Minute)
	}
	return fmt.Sprintf("%d 秒", d/time.Second)
}

type english struct{}

func (english) zone(a Answer) string {
	if a.isBeijing() {
		return "Beijing time"
	}
	return a.zone().String()
}

func (w english) until(a Answer) string { return fmt.Sprintf("%s (%s)", a.until(), w.zone(a)) }

// cause is what made a freeze.
func (english) cause(a Answer) string {
	cause := map[freeze.Reason]string{
		freeze.Refused: "the customer refused", freeze.Manual: "somebody ordered it",
		freeze.Complained: "the customer complained", freeze.Imported: "it was on an imported list",
	}[a.FreezeReason]
	switch {
	case a.FreezeReason == freeze.Ruled:
		return fmt.Sprintf("calls reached the limit of rule %q", a.Rule)
	case cause == "":
		cause = string(a.FreezeReason)
	}
	if a.Class == "" || a.FreezeReason == freeze.Complained {
		return cause
	}
	return fmt.Sprintf("%s (%s)", cause, a.Class)
}

func (w english) frozen(a Answer) string {
	line := ""
	if a.Line != "" {
		line = fmt.Sprintf(" for line %q", a.Line)
	}
	until := "until somebody releases it"
	if !a.Until.IsZero() {
		until = "until " + w.until(a)
	}
	return fmt.Sprintf("This number is frozen%s %s, because %s. Do not call it.", line, until,
		w.cause(a))
}

func (w english) limit(a Answer) string {
	whose := "calls"
	if a.Count == 1 {
		whose = "call"
	}
	if a.Agent != "" {
		whose += fmt.Sprintf(" by agent %q", a.Agent)
	}
	day := "calendar day"
	if length, ok := a.rolling(); ok {
		day = "rolling " + durationEN(length)
	}
	return fmt.Sprintf("Rule %q has counted %d %s to this number, and its limit is %d (%s). "+
		"Do not call it before %s.",
		a.Rule, a.Count, whose, a.Limit, day, w.until(a))
}

func (w english) hours(a Answer) string {
	return fmt.Sprintf("It is outside of the calling hours (%s, %s). Call from %s on.", a.Hours,
		w.zone(a), w.until(a))
}

func (w english) allowed(a Answer) string {
	despite := fmt.Sprintf("although it is frozen, because %s", w.cause(a))
	if a.Overridden == RuleLimit {
		despite = fmt.Sprintf("although the limit of rule %q is reached", a.Rule)
	}
	return fmt.Sprintf("This number is on the allow list and may be called until %s, %s.",
		w.until(a), despite)
}

func (w english) stale(a Answer) string {
	then := "As configured, do not call it."
	if a.Allowed {
		then = "As configured, it may be called."
	}
	return fmt.Sprintf("This gate has lost its server and knows what happened until %s (%s) only: nothing spoke "+
		"against the number then. %s", a.known(), w.zone(a), then)
}

func durationEN(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0 && d > 24*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d%time.Hour == 0 && d > time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d%time.Minute == 0 && d > time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return d.String()
}
