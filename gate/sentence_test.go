package gate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
)

func TestSentence(t *testing.T) {
	t.Parallel()
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		require.NoError(t, err)
		return z
	}
	beijing, tokyo := zone("Asia/Shanghai"), zone("Asia/Tokyo")
	end := time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC)
	says := func(class string, lang gate.Lang) string {
		if text := map[string]string{"no_need zh": "不需要", "no_need en": "no need"}[class+" "+
			string(lang)]; text != "" {
			return text
		}
		return class
	}
	for _, tt := range []struct {
		name   string
		a      gate.Answer
		zh, en string
	}{
		{"nothing", gate.Answer{Allowed: true, Reason: gate.None}, "", ""},
		{"refused",
			gate.Answer{Reason: gate.Frozen, FreezeReason: freeze.Refused, Class: "no_need",
				Until: end, Zone: beijing},
			"该号码因客户明确拒绝（不需要）已冻结至 2026-12-01 10:00（北京时间），请勿拨打。",
			"This number is frozen until 2026-12-01 10:00 (Beijing time), because the customer " +
				"refused (no need). Do not call it."},
		{"refused, a class of one's own, until released",
			gate.Answer{Reason: gate.Frozen, FreezeReason: freeze.Refused, Class: "已故",
				Zone: beijing},
			"该号码因客户明确拒绝（已故）已冻结，直到人工解除，请勿拨打。",
			"This number is frozen until somebody releases it, because the customer refused " +
				"(已故). Do not call it."},
		{"ruled, another zone, a part of a minute",
			gate.Answer{Reason: gate.Frozen, FreezeReason: freeze.Ruled, Rule: "rejected",
				Until: end.Add(time.Second), Zone: tokyo},
			"该号码因达到规则“rejected”的上限已冻结至 2026-12-01 11:01（Asia/Tokyo " +
				"时间），请勿拨打。",
			`This number is frozen until 2026-12-01 11:01 (Asia/Tokyo), because calls reached the limit of rule "rejected". Do not call it.`},
		{"by hand, for a line",
			gate.Answer{Reason: gate.Frozen, FreezeReason: freeze.Manual, Line: "贷款", Until: end,
				Zone: beijing},
			"该号码因人工操作在线路“贷款”上已冻结至 2026-12-01 10:00（北京时间），请勿拨打。",
			`This number is frozen for line "贷款" until 2026-12-01 10:00 (Beijing time), because somebody ordered it. Do not call it.`},
		{"complained",
			gate.Answer{Reason: gate.Frozen, FreezeReason: freeze.Complained, Class: "complaint",
				Zone: beijing},
			"该号码因客户投诉已冻结，直到人工解除，请勿拨打。",
			"This number is frozen until somebody releases it, because the customer complained. " +
				"Do not call it."},
		{"imported, no rules known",
			gate.Answer{Reason: gate.Frozen, FreezeReason: freeze.Imported, Until: end},
			"该号码因名单导入已冻结至 2026-12-01 02:00（UTC 时间），请勿拨打。",
			"This number is frozen until 2026-12-01 02:00 (UTC), because it was on an imported " +
				"list. Do not call it."},
		{"for a reason of another version",
			gate.Answer{Reason: gate.Frozen, FreezeReason: "court order", Until: end,
				Zone: beijing},
			"该号码因court order已冻结至 2026-12-01 10:00（北京时间），请勿拨打。",
			"This number is frozen until 2026-12-01 10:00 (Beijing time), because court order. " +
				"Do not call it."},
		{"limit of a day",
			gate.Answer{Reason: gate.RuleLimit, Rule: "attempts-a-day", Count: 6, Limit: 6,
				Day: "calendar day, Asia/Shanghai", Until: end, Zone: beijing},
			"该号码的呼叫按规则“attempts-a-day”已计 6 次，达到上限 6 " +
				"次（按自然日计），2026-12-01 10:00（北京时间）前请勿拨打。",
			`Rule "attempts-a-day" has counted 6 calls to this number, and its limit is 6 (calendar day). Do not call it before 2026-12-01 10:00 (Beijing time).`},
		{"limit of an agent",
			gate.Answer{Reason: gate.RuleLimit, Rule: "own", Agent: "李", Count: 3, Limit: 2,
				Day: "rolling 24h0m0s", Until: end, Zone: beijing},
			"坐席“李”对该号码的呼叫按规则“own”已计 3 次，达到上限 2 次（按滚动 24 " +
				"小时计），2026-12-01 10:00（北京时间）前请勿拨打。",
			`Rule "own" has counted 3 calls by agent "李" to this number, and its limit is 2 (rolling 24 hours). Do not call it before 2026-12-01 10:00 (Beijing time).`},
		{"limit of days",
			gate.Answer{Reason: gate.RuleLimit, Rule: "r", Count: 1, Limit: 1,
				Day: "rolling 168h0m0s", Until: end, Zone: beijing},
			"该号码的呼叫按规则“r”已计 1 次，达到上限 1 次（按滚动 7 天计），2026-12-01 " +
				"10:00（北京时间）前请勿拨打。",
			`Rule "r" has counted 1 call to this number, and its limit is 1 (rolling 7 days). Do not call it before 2026-12-01 10:00 (Beijing time).`},
		{"limit of minutes",
			gate.Answer{Reason: gate.RuleLimit, Rule: "r", Count: 4, Limit: 3,
				Day: "rolling 1h30m0s", Until: end, Zone: beijing},
			"该号码的呼叫按规则“r”已计 4 次，达到上限 3 次（按滚动 90 分钟计），2026-12-01 " +
				"10:00（北京时间）前请勿拨打。",
			`Rule "r" has counted 4 calls to this number, and its limit is 3 (rolling 90 minutes). Do not call it before 2026-12-01 10:00 (Beijing time).`},
		{"limit of seconds",
			gate.Answer{Reason: gate.RuleLimit, Rule: "r", Count: 4, Limit: 3, Day: "rolling 1m30s",
				Until: end, Zone: beijing},
			"该号码的呼叫按规则“r”已计 4 次，达到上限 3 次（按滚动 90 秒计），2026-12-01 " +
				"10:00（北京时间）前请勿拨打。",
			`Rule "r" has counted 4 calls to this number, and its limit is 3 (rolling 1m30s). Do not call it before 2026-12-01 10:00 (Beijing time).`},
		{"out of hours",
			gate.Answer{Reason: gate.OutOfHours,
				Hours: calls.Hours{Enabled: true, From: 8 * time.Hour, To: 21 * time.Hour},
				Until: end, Zone: beijing},
			"不在允许外呼的时段（08:00-21:00，北京时间），请于 2026-12-01 10:00（北京时间）起拨打。",
			"It is outside of the calling hours (08:00-21:00, Beijing time). Call from " +
				"2026-12-01 10:00 (Beijing time) on."},
		{"allow-listed, frozen",
			gate.Answer{Allowed: true, Reason: gate.AllowListed, Overridden: gate.Frozen,
				FreezeReason: freeze.Refused, Class: "no_need", Until: end, Zone: beijing},
			"该号码虽因客户明确拒绝（不需要）被冻结，但在允许名单中，2026-12-01 " +
				"10:00（北京时间）前可以拨打。",
			"This number is on the allow list and may be called until 2026-12-01 10:00 (Beijing " +
				"time), although it is frozen, because the customer refused (no need)."},
		{"allow-listed, denied",
			gate.Answer{Allowed: true, Reason: gate.AllowListed, Overridden: gate.RuleLimit,
				Rule: "a-day", Count: 6, Limit: 6, Until: end, Zone: beijing},
			"该号码虽已达到规则“a-day”的上限，但在允许名单中，2026-12-01 " +
				"10:00（北京时间）前可以拨打。",
			`This number is on the allow list and may be called until 2026-12-01 10:00 (Beijing time), although the limit of rule "a-day" is reached.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.zh, tt.a.Sentence(gate.Chinese, says))
			require.Equal(t, tt.en, tt.a.Sentence(gate.English, says))
			require.Equal(t, tt.en, tt.a.Sentence("fr", says))
		})
	}
}
