package lexicon

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefault(t *testing.T) {
	t.Parallel()
	lex, err := Parse(Default().Source())
	require.NoError(t, err)
	require.Same(t, Default(), Default())
	require.Equal(t, Default().ID(), lex.ID())
	require.Regexp(t, `^zh-2026\.4\+[0-9a-f]{8}$`, lex.ID())

	periods := map[string]time.Duration{}
	for _, class := range lex.Classes {
		periods[class.ID] = class.Period
		wordings := 0
		for _, phrase := range class.Phrases {
			wordings += phrase.Pattern.Wordings()
		}
		require.GreaterOrEqual(t, wordings, 100, class.ID)
	}
	const day = 24 * time.Hour
	require.Equal(t, map[string]time.Duration{
		"not_interested": 60 * day, "dont_want_to_listen": 60 * day, "no_need": 60 * day,
		"stop_calling": 0, "complaint": 0, "wrong_number": 180 * day,
	}, periods)

	class, ok := lex.Class("no_need")
	require.True(t, ok)
	require.Equal(t, "不需要", class.Label)
	_, ok = lex.Class("nonesuch")
	require.False(t, ok)
}

const small = `version: v1
classes:
  - id: no_need
    label: 不需要
    freeze: 60d
    weight: 0.8
    asked: true
    phrases:
      - 不需要
      - {text: 不用, weight: 0.5, whole: true}
      - 12315
  - id: stop_calling
    label: 别再打
    freeze: until_released
    phrases: [" 别打了 "]
compounds: [不用心]
around: {before: [我], after: [了]}
vetoes:
  negated: {before: [不是], between: [真的], unless: [是不是]}
  question: {before: [是否], after: [吗], unless: [好吗]}
  hallucination: [字幕由]
`

func TestParse(t *testing.T) {
	t.Parallel()
	lex, err := Parse([]byte(small))
	require.NoError(t, err)
	asked := []string{"question"}
	require.Equal(t, []Class{
		{ID: "no_need", Label: "不需要", Period: 60 * 24 * time.Hour, Despite: asked,
			Suffices: true, Track: TrackCustomer, Phrases: []Phrase{
				{Text: "不需要", Line: 9, Pattern: plainly("不需要"), Weight: 0.8, Suffices: true,
					Despite: asked},
				{Text: "不用", Line: 10, Pattern: plainly("不用"), Weight: 0.5, Whole: true,
					Suffices: true, Despite: asked},
				{Text: "12315", Line: 11, Pattern: plainly("12315"), Weight: 0.8, Suffices: true,
					Despite: asked},
			}},
		{ID: "stop_calling", Label: "别再打", Suffices: true, Track: TrackCustomer,
			Phrases: []Phrase{
				{Text: "别打了", Line: 15, Pattern: plainly("别打了"), Weight: defaultWeight,
					Suffices: true},
			}},
	}, lex.Classes)
	require.Equal(t, []Text{{"不用心", 16}}, lex.Compounds)
	require.Equal(t, Around{[]Text{{"我", 17}}, []Text{{"了", 17}}}, lex.Around)
	require.Equal(t, Before{[]Text{{"不是", 19}}, []Text{{"真的", 19}}, []Text{{"是不是", 19}},
		nil, nil}, lex.Vetoes.Negated)
	require.Equal(t, Asked{[]Text{{"是否", 20}}, []Text{{"吗", 20}}, []Text{{"好吗", 20}}},
		lex.Vetoes.Question)
	require.Equal(t, []Mark{{"字幕由", 21, plainly("字幕由")}}, lex.Vetoes.Hallucination)
	require.Equal(t, 4, lex.Phrases())
	require.Equal(t, small, string(lex.Source()))
	require.Equal(t, "v1+"+lex.SHA256()[:8], lex.ID())
}

func plainly(word string) Pattern { return Pattern{Pieces: []Piece{{Words: []string{word}}}} }

const full = `version: v2
words:
  我: [我, "我们[家]"]
  贷: [贷款, 借钱]
classes:
  - id: no_need
    label: 不需要
    freeze: 60d
    despite: [question, condition]
    suffices: false
    review: false
    track: both
    first: 30s
    last: 20s
    unless: [不(用|必)客气]
    phrases:
      - <我>不(要|想)<贷>
      - {text: "没[有]…3兴趣$", suffices: true, despite: [], unless: [没兴趣班]}
`

func TestParseAll(t *testing.T) {
	t.Parallel()
	lex, err := Parse([]byte(full))
	require.NoError(t, err)
	class := lex.Classes[0]
	require.Equal(t, []string{"question", "condition"}, class.Despite)
	require.Equal(t, []any{false, TrackBoth, 30 * time.Second, 20 * time.Second},
		[]any{class.Suffices, class.Track, class.First, class.Last})
	require.Len(t, lex.Odd, 1, "review: false does nothing")
	require.Equal(t, 11, lex.Odd[0].Line)
	require.Contains(t, lex.Odd[0].What, "remove the line")
	require.Equal(t, "不用客气", class.Unless[0].Pattern.Example())
	first, second := class.Phrases[0], class.Phrases[1]
	require.Equal(t, []Piece{{Words: []string{
		"我不要贷款", "我不要借钱", "我不想贷款", "我不想借钱",
		"我们家不要贷款", "我们家不要借钱", "我们家不想贷款", "我们家不想借钱",
		"我们不要贷款", "我们不要借钱", "我们不想贷款", "我们不想借钱",
	}}}, first.Pattern.Pieces)
	require.Equal(t, Pattern{Pieces: []Piece{{Words: []string{"没有", "没"}},
		{Words: []string{"兴趣"}, Gap: 3}}, Ends: true}, second.Pattern)
	require.True(t, second.Suffices)
	require.Empty(t, second.Despite)
	require.Len(t, second.Unless, 1)
}

func TestPatternsRefused(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"没(有":    `"(" is not closed by ")"`,
		"没有)":    `")" has no meaning here`,
		"没()兴趣":  `nothing stands beside`,
		"(没|)兴趣": "for what may be missing write [ ]",
		"[没]":    "may be missing",
		"…兴趣":    "may be missing",
		"没…":     "may be missing",
		"没…99兴趣": "a gap of 99 characters; use 1 to 12",
		"<无>兴趣":  `there is no list "无" under words`,
		"<无兴趣":   `"<" is not closed`,
		"没.*兴趣?": `"*" has no meaning here`,
		"没(一…点)": "a gap can't stand between",
	} {
		t.Run(pattern, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(strings.Replace(small, "- 不需要", "- \""+pattern+"\"", 1)))
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "line 9")
		})
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"field":        {"asked: true", "askd: true", `did you mean "asked"?`},
		"phrase field": {"whole: true", "hole: true", `did you mean "whole"?`},
		"veto":         {"suffices: false", "despite: [qestion]", `did you mean "question"?`},
		"track":        {"track: both", "track: custmer", `did you mean "customer"?`},
		"list":         {"<我>不", "<我们>不", `did you mean "我"?`},
		"seconds":      {"30s", "30", "write a number of seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := full
			if strings.Contains(small, c.old) && !strings.Contains(full, c.old) {
				source = small
			}
			source = strings.Replace(source, c.old, c.new, 1)
			if name == "veto" {
				source = strings.Replace(source, "    despite: [question, condition]\n", "", 1)
			}
			_, err := Parse([]byte(source))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"nothing":       {small, "", "the lexicon is empty"},
		"not UTF-8":     {"不是", "\xff", "save it as UTF-8"},
		"not YAML":      {"classes:", "classes: [", "line "},
		"two documents": {"compounds:", "---\ncompounds:", "one YAML document"},
		"unknown field": {"asked: true", "askd: true",
			`line 7: field "askd" is unknown here`},
		"unknown phrase key": {"whole: true", "hole: true",
			`line 10: a phrase has no field "hole"`},
		"field twice": {"version: v1", "version: v1\nversion: v2", "version"},
		"wrong kind":  {"asked: true", "asked: perhaps", "line 7"},
		"no version":  {"version: v1", "version: ''", `version ""`},
		"odd version": {"version: v1", "version: a b", `version "a b"`},
		"odd id":      {"id: no_need", "id: No-Need", `line 3: class id "No-Need"`},
		"id twice": {"id: stop_calling", "id: no_need",
			`line 12: class "no_need" is there already, at line 3`},
		"no label": {"label: 别再打", "label: ''",
			`line 12: class "stop_calling" has no label`},
		"no phrases": {`phrases: [" 别打了 "]`, "phrases: []",
			`line 12: class "stop_calling" has no phrases`},
		"odd freeze": {"60d", "60",
			`line 5: class "no_need": freeze "60": write a number of days`},
		"no freeze": {"    freeze: until_released\n", "",
			`line 12: class "stop_calling": freeze ""`},
		"freeze of no days":   {"60d", "0d", "write a number of days"},
		"freeze too long":     {"60d", "3651d", "write a number of days"},
		"weight too big":      {"weight: 0.8", "weight: 1.5", "line 6: weight 1.5"},
		"weight zero":         {"weight: 0.5", "weight: 0", "line 10: weight 0"},
		"weight not a number": {"weight: 0.5", "weight: .nan", "line 10: weight NaN"},
		"phrase twice": {"12315", "不需要",
			`line 11: phrase "不需要" is there already, at line 9`},
		"empty phrase": {"12315", "' '", "line 11: an empty text"},
		"phrase too long": {"12315", strings.Repeat("不", 41),
			"a wording of 41 characters; the most is 40"},
		"phrase a list": {"- 12315", "- [12315]", "line 11: expected a piece of text"},
		"empty veto":    {"[字幕由]", "['']", "line 21: an empty text"},
		"too big":       {"version: v1", strings.Repeat("#", maxSource), "the most is"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, small, c.old)
			_, err := Parse([]byte(strings.Replace(small, c.old, c.new, 1)))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestParseReportsAllAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Parse([]byte("version: ''\nclasses: [{id: A, label: '', freeze: x, phrases: []}]"))
	require.Len(t, strings.Split(err.Error(), "\n"), 5)
	var one Error
	require.ErrorAs(t, err, &one)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(full))
	f.Add([]byte("version: v\nwords: {a: [(b|c)[d]…2e]}\nclasses: [{phrases: [<a>…3^$, '[[a]]', '((((']}]"))
	f.Add(Default().Source())
	f.Add([]byte("version: v1\nclasses: &a [*a]"))
	f.Add([]byte("a: &a [x]\nb: &b [*a,*a]\nclasses: [*b,*b]"))
	f.Add([]byte("version: !!binary AA==\nclasses: [{phrases: [{? [a] : b}]}]"))
	f.Add([]byte("version: v1\nclasses: null\nvetoes: {hallucination: ~}"))
	f.Fuzz(func(t *testing.T, source []byte) {
		lex, err := Parse(source)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotEmpty(t, lex.Classes)
		for _, class := range lex.Classes {
			require.NotEmpty(t, class.Phrases)
			require.GreaterOrEqual(t, class.Period, time.Duration(0))
			for _, phrase := range class.Phrases {
				require.True(t, phrase.Weight > 0 && phrase.Weight <= 1)
				require.NotEmpty(t, phrase.Text)
			}
		}
	})
}
