package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/refrain-asr/refrain/asr"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
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
	lex, calls := filepath.Join(t.TempDir(), "other.yaml"), filepath.Join(t.TempDir(), "calls.jsonl")
	require.NoError(t, os.WriteFile(lex, []byte(otherLexicon), 0o600))
	require.NoError(t, os.WriteFile(calls, []byte(pastCalls), 0o600))

	told := refrain(t, "", "lexicon", "backtest", lex, calls)
	require.Equal(t, exitDone, told.code, told.errors)
	require.Contains(t, told.out, "5 recordings judged again by other-1")
	require.Contains(t, told.out, "3 suspects before, 3 now\n1 gained, 1 lost, 1 of another class\n")
	require.Contains(t, told.out, "lost.wav")
	require.NotContains(t, told.out, "13812345678")
	require.NotContains(t, told.out, "stays.wav")

	asJSON := refrain(t, pastCalls, "lexicon", "backtest", lex, "-", "--format", "json")
	require.Equal(t, exitDone, asJSON.code, asJSON.errors)
	all := strings.Split(strings.TrimSpace(asJSON.out), "\n")
	changes := lines[changeLine](t, strings.Join(all[:3], "\n"))
	require.Equal(t, changeLine{
		Change: changeLost, Recording: "lost.wav", ClassBefore: "not_interested", ScoreBefore: 0.98, Text: "没兴趣，我的电话是***",
	}, changes[0])
	require.Equal(t, []string{changeLost, changeGained, changeClass}, []string{changes[0].Change, changes[1].Change, changes[2].Change})
	sum := lines[backtestReport](t, all[3])[0]
	require.Equal(t, 5, sum.Recordings)
	require.Equal(t, map[string]classChange{
		"not_interested": {0, 1}, "no_need": {1, 0}, "stop_calling": {1, 0}, "complaint": {0, 1},
	}, sum.ByClass)

	same := refrain(t, "", "lexicon", "backtest", lex, calls, "--against", lex)
	require.Contains(t, same.out, "0 gained, 0 lost, 0 of another class")
}

func TestBacktestMistakes(t *testing.T) {
	t.Parallel()
	lex := filepath.Join(t.TempDir(), "other.yaml")
	require.NoError(t, os.WriteFile(lex, []byte(otherLexicon), 0o600))
	bad := refrain(t, "{}\n"+pastCalls, "lexicon", "backtest", lex, "-")
	require.Equal(t, exitFailed, bad.code)
	require.Contains(t, bad.errors, "-:1: not a line of refrain transcribe")
	require.Contains(t, bad.out, "5 recordings judged again", "the others are judged all the same")
	require.Equal(t, exitUsage, refrain(t, "", "lexicon", "backtest", lex, "--limit", "-1").code)
	require.Equal(t, exitFailed, refrain(t, "", "lexicon", "backtest", "absent.yaml", "-").code)
}

func TestPastOfRecording(t *testing.T) {
	t.Parallel()
	span := &pb.Span{Start: durationpb.New(time.Second), End: durationpb.New(2 * time.Second)}
	p := pastOf(&pb.Recording{
		CallId: "c1", Part: "b", MaskedNumber: "138****5678", AnswerOffset: durationpb.New(3 * time.Second),
		Judgement:  &pb.Judgement{Suspect: true, Score: 0.9, Hits: []*pb.Hit{{Class: "no_need", Score: 0.8}}},
		Transcript: &pb.Transcript{Segments: []*pb.Segment{{Span: span, Text: "不要", MeanLogProb: -0.5, Tokens: []*pb.Token{{Span: span, Text: "不要", Prob: 0.6}}}}},
	})
	at := asr.Span{Start: time.Second, End: 2 * time.Second}
	require.Equal(t, past{
		recording: "c1/b", number: "138****5678", answered: 3 * time.Second, suspect: true, class: "no_need", score: 0.9,
		transcript: asr.Transcript{Side: asr.Customer, Segments: []asr.Segment{
			{Span: at, Text: "不要", MeanLogProb: -0.5, Tokens: []asr.Token{{Span: at, Text: "不要", Prob: 0.6}}},
		}},
	}, p)
}

func TestMaskSpoken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"打13812345678吧": "打***吧", "打138 1234 5678吧": "打***吧", "幺三八一二三四五六七八": "***", "三千五百块": "三千五百块", "12点30分": "12点30分",
	} {
		require.Equal(t, want, maskSpoken(text))
	}
}
