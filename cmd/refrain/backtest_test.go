package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/lexicon"
	"github.com/refrain-asr/refrain/internal/testcall"
)

// pastCalls are lines as transcribe prints them: one that stays a suspect of its class, one
// that the lexicon below no longer finds, one that it finds, one of another class, and one
// that is none either way.
const pastCalls = `{"file":"stays.wav","duration":9,"track":"customer","segments":[{"start":1,"end":3,"text":"别打了","confidence":0.9}],"hits":[{"class":"stop_calling","text":"别打了","start":1,"end":3,"match":"exact","score":0.9,"veto":null}],"suspect":true,"score":0.98}
{"file":"lost.wav","duration":9,"track":"customer","segments":[{"start":1,"end":3,"text":"没兴趣，我的电话是13812345678","confidence":0.9}],"hits":[{"class":"not_interested","text":"没兴趣","start":1,"end":3,"match":"exact","score":0.9,"veto":null}],"suspect":true,"score":0.98}
{"file":"gained.wav","duration":9,"track":"customer","segments":[{"start":1,"end":3,"text":"我不稀罕","confidence":0.9}],"hits":[],"suspect":false,"score":0}
{"file":"class.wav","duration":9,"track":"customer","segments":[{"start":1,"end":3,"text":"别打了","confidence":0.9}],"hits":[{"class":"complaint","text":"别打了","start":1,"end":3,"match":"exact","score":0.9,"veto":null}],"suspect":true,"score":0.98}
{"file":"none.wav","duration":9,"track":"customer","segments":[{"start":1,"end":3,"text":"多少钱","confidence":0.9}],"hits":[{"class":"no_need","text":"多","start":1,"end":3,"match":"exact","score":0.9,"veto":{"reason":"question","text":"吗"}}],"suspect":false,"score":0}
`

const otherLexicon = `version: other-1
learned: off
classes:
- {id: stop_calling, label: 别再打, freeze: 1d, phrases: [别打了]}
- {id: no_need, label: 不需要, freeze: 1d, phrases: [不稀罕]}
`

func TestBacktest(t *testing.T) {
	t.Parallel()
	lex, calls := filepath.Join(t.TempDir(), "other.yaml"),
		filepath.Join(t.TempDir(), "calls.jsonl")
	require.NoError(t, os.WriteFile(lex, []byte(otherLexicon), 0o600))
	require.NoError(t, os.WriteFile(calls, []byte(pastCalls), 0o600))

	told := refrain(t, "", "lexicon", "backtest", lex, calls)
	require.Equal(t, console.ExitDone, told.code, told.errors)
	require.Contains(t, told.out, "5 recordings judged again by other-1")
	require.Contains(t, told.out,
		"3 suspects before, 3 now\n1 gained, 1 lost, 1 of another class\n")
	require.Contains(t, told.out, "lost.wav")
	require.NotContains(t, told.out, "13812345678")
	require.NotContains(t, told.out, "stays.wav")

	asJSON := refrain(t, pastCalls, "lexicon", "backtest", lex, "-", "--format", "json")
	require.Equal(t, console.ExitDone, asJSON.code, asJSON.errors)
	all := strings.Split(strings.TrimSpace(asJSON.out), "\n")
	changes := lines[lexicon.Change](t, strings.Join(all[:3], "\n"))
	require.Equal(t, lexicon.Change{
		Change: lexicon.Lost, Recording: "lost.wav", ClassBefore: "not_interested",
		ScoreBefore: 0.98, Text: "没兴趣，我的电话是***",
	}, changes[0])
	require.Equal(t, []string{lexicon.Lost, lexicon.Gained, lexicon.OtherClass},
		[]string{changes[0].Change, changes[1].Change, changes[2].Change})
	sum := lines[lexicon.Report](t, all[3])[0]
	require.Equal(t, 5, sum.Recordings)
	require.Equal(t, map[string]lexicon.ClassChange{
		"not_interested": {Lost: 1}, "no_need": {Gained: 1}, "stop_calling": {Gained: 1},
		"complaint": {Lost: 1},
	}, sum.ByClass)

	same := refrain(t, "", "lexicon", "backtest", lex, calls, "--against", lex)
	require.Contains(t, same.out, "0 gained, 0 lost, 0 of another class")
}

// What the agent had asked counts when a call is judged again, as far as that is known.
func TestBacktestKnowsTheQuestion(t *testing.T) {
	t.Parallel()
	const customer = `{"file":"a.wav","duration":9,"track":"customer","segments":[` +
		`{"start":5,"end":6,"text":"没有","confidence":0.9}],"hits":[],"suspect":false,"score":0`
	const agent = `,"agent_transcript":{"segments":[` +
		`{"start":1,"end":4,"text":"您需要贷款吗","confidence":0.9}]}`
	lex := filepath.Join(testcall.Root(), "keywords", "lexicon", "zh")
	for line, gained := range map[string]string{customer + "}": "0 gained", customer + agent + "}": "1 gained"} {
		got := refrain(t, line+"\n", "lexicon", "backtest", lex, "-")
		require.Equal(t, console.ExitDone, got.code, got.errors)
		require.Contains(t, got.out, gained)
	}
}

func TestBacktestMistakes(t *testing.T) {
	t.Parallel()
	lex := filepath.Join(t.TempDir(), "other.yaml")
	require.NoError(t, os.WriteFile(lex, []byte(otherLexicon), 0o600))
	bad := refrain(t, "{}\n"+pastCalls, "lexicon", "backtest", lex, "-")
	require.Equal(t, console.ExitFailed, bad.code)
	require.Contains(t, bad.errors, "-:1: not a line of refrain transcribe")
	require.Contains(t, bad.out, "5 recordings judged again", "the others are judged all the same")
	require.Equal(t, console.ExitUsage, refrain(t, "", "lexicon", "backtest", lex, "--limit",
		"-1").code)
	require.Equal(t, console.ExitFailed,
		refrain(t, "", "lexicon", "backtest", "absent.yaml", "-").code)
}
