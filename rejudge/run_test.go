package rejudge

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/fault"
	"github.com/refrain-asr/refrain/keywords"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestOrders(t *testing.T) {
	t.Parallel()
	pause := func(r Run) (Run, error) { return r.paused() }
	resume := func(r Run) (Run, error) { return r.resumed() }
	cancel := func(r Run) (Run, error) { return r.cancelled(noon) }
	for _, tt := range []struct {
		name   string
		order  func(Run) (Run, error)
		from   State
		judged bool
		to     State // "" where it is refused
	}{
		{"pause", pause, Queued, false, Paused},
		{"pause", pause, Running, false, Paused},
		{"pause", pause, Opening, true, Paused},
		{"pause twice", pause, Paused, false, Paused},
		{"pause", pause, Done, true, ""},
		{"pause", pause, Cancelled, false, ""},
		{"pause", pause, Failed, false, ""},
		{"resume", resume, Paused, false, Queued},
		{"resume what only opens suspects", resume, Paused, true, Opening},
		{"resume", resume, Queued, false, ""},
		{"resume", resume, Running, false, ""},
		{"resume", resume, Done, true, ""},
		{"cancel", cancel, Queued, false, Cancelled},
		{"cancel", cancel, Running, false, Cancelled},
		{"cancel", cancel, Paused, false, Cancelled},
		{"cancel", cancel, Opening, true, Cancelled},
		{"cancel", cancel, Done, true, ""},
		{"cancel", cancel, Cancelled, true, ""},
	} {
		r := Run{State: tt.from, StartedAt: noon, Last: "b"}
		if tt.judged {
			r.Cursor = "b"
		}
		got, err := tt.order(r)
		if tt.to == "" {
			require.Equal(t, fault.Precondition, fault.KindOf(err), "%s %s", tt.name, tt.from)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, tt.to, got.State, "%s %s", tt.name, tt.from)
		require.Equal(t, tt.to.Final(), !got.EndedAt.IsZero())
	}
}

func TestRunAfter(t *testing.T) {
	t.Parallel()
	run := Run{State: Queued}.begun(Survey{Last: "c", Total: 3}, noon)
	require.Equal(t, Running, run.State)
	run = run.After(Portion{Cursor: "b", Count: 2, Tally: Tally{Gained: 1}}, Tally{Waiting: 1}, noon)
	require.Equal(t, Running, run.State)
	again := run
	again.State = Queued
	require.Equal(t, run, again.begun(Survey{Last: "z", Total: 9}, noon.Add(1)), "it goes on, and is not surveyed anew")
	last := Portion{Cursor: "c", Count: 1}
	opening := run.After(last, Tally{}, noon)
	require.Equal(t, Opening, opening.State)
	done := opening.Opened(Tally{Waiting: -1, Opened: 1, Applied: 1}, noon.Add(time.Hour))
	require.Equal(t, Done, done.State)
	require.Equal(t, noon.Add(time.Hour), done.EndedAt)
	require.Equal(t, Tally{Gained: 1, Opened: 1, Applied: 1}, done.Tally)
	run.Tally.Waiting = 0
	require.Equal(t, Done, run.After(last, Tally{}, noon).State)
	none := Run{State: Queued}.begun(Survey{}, noon)
	require.Equal(t, Done, none.After(Portion{}, Tally{}, noon).State, "nothing was chosen")
	paused, err := opening.paused()
	require.NoError(t, err)
	require.Equal(t, Paused, paused.Opened(Tally{Waiting: -1}, noon).State)
}

func verdict(score float64, hits ...keywords.Hit) keywords.Verdict {
	return keywords.Verdict{Suspect: score >= 0.5, Score: score, Hits: append([]keywords.Hit{}, hits...)}
}

func hit(c keywords.Class, text string) keywords.Hit {
	return keywords.Hit{Class: c, Score: 0.9, Text: text}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	no, stop := hit("no_need", "不需要"), hit("stop_calling", "别打了")
	vetoed := no
	vetoed.Veto = &keywords.Veto{Reason: keywords.VetoQuestion, Text: "吗"}
	renamed := verdict(0.9, no)
	renamed.Lexicon = "l2"
	answered := verdict(0.1)
	answered.AnsweredBy = keywords.Human
	for _, tt := range []struct {
		name        string
		before, now keywords.Verdict
		kind        Kind
		text        string
		tally       Tally
	}{
		{"nothing, as before", verdict(0.1), verdict(0.1), Same, "", Tally{}},
		{"the same, by another lexicon", verdict(0.9, no), renamed, Same, "", Tally{SuspectsBefore: 1, Suspects: 1}},
		{"gained", verdict(0.1), verdict(0.9, no), Gained, "不需要", Tally{Suspects: 1, Gained: 1,
			ByClass: map[string]ClassChange{"no_need": {Gained: 1}}}},
		{"gained, where a veto was", verdict(0.1, vetoed), verdict(0.9, no), Gained, "不需要", Tally{Suspects: 1,
			Gained: 1, ByClass: map[string]ClassChange{"no_need": {Gained: 1}}}},
		{"lost", verdict(0.9, no), verdict(0.1), Lost, "…" + longText[len("喂喂喂喂喂喂喂喂喂喂"):], Tally{SuspectsBefore: 1,
			Lost: 1, ByClass: map[string]ClassChange{"no_need": {Lost: 1}}}},
		{"another class", verdict(0.9, no), verdict(0.9, stop), OtherClass, "别打了", Tally{SuspectsBefore: 1, Suspects: 1,
			OtherClass: 1, ByClass: map[string]ClassChange{"no_need": {Lost: 1}, "stop_calling": {Gained: 1}}}},
		{"another class, of which nobody is suspect", verdict(0.2, no), verdict(0.2, stop), Rescored, "", Tally{Rescored: 1}},
		{"another score", verdict(0.9, no), verdict(0.8, no), Rescored, "", Tally{SuspectsBefore: 1, Suspects: 1, Rescored: 1}},
		{"a veto", verdict(0.1, no), verdict(0.1, vetoed), Rescored, "", Tally{Rescored: 1}},
		{"who answered, which was not told before", verdict(0.1), answered, Rescored, "", Tally{Rescored: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			said := asr.Transcript{Segments: []asr.Segment{{Text: longText}}}
			o := outcome(Past{}, Reading{Customer: said, Verdict: tt.before}, tt.now)
			require.Equal(t, tt.kind, o.Kind)
			require.Equal(t, tt.text, o.Text)
			require.Equal(t, tt.kind != Same && tt.kind != Rescored, o.Listed())
			var got Tally
			got.add(o)
			require.Equal(t, tt.tally, got)
		})
	}
}

// longText has ten characters more than an excerpt.
const longText = "喂喂喂喂喂喂喂喂喂喂" + "甲乙丙丁戊己庚辛壬癸" + "中下左右前后里外东西" + "南北春夏秋冬天地人和" + "风花雪月山水日月金木"

func TestExcerptMasksNumbers(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"打13800138000找我": "打***找我",
		"138 0013 8000":  "***",
		"一三八零零一三八零零零就是我": "***就是我",
		"三天后":            "三天后",
		"":               "",
		"号码是１３８００１３８０００，别打了": "号码是***，别打了",
	} {
		require.Equal(t, want, Excerpt(asr.Transcript{Segments: []asr.Segment{{Text: said}}}, keywords.Verdict{}))
		require.Equal(t, want, Excerpt(asr.Transcript{}, verdict(0.9, hit("no_need", said))))
	}
}

func TestSelectionIsChecked(t *testing.T) {
	t.Parallel()
	long := string(make([]byte, maxText+1))
	for _, tt := range []struct {
		s     Selection
		wrong string // the field, "" for none
	}{
		{Selection{}, ""},
		{Selection{Since: noon, Until: noon.Add(1), Agent: "a", Suspect: Undecided, Class: "no_need"}, ""},
		{Selection{Since: noon, Until: noon}, "end_time"},
		{Selection{Since: noon, Until: noon.Add(-time.Hour)}, "end_time"},
		{Selection{Until: noon}, ""},
		{Selection{Agent: long}, "agent"},
		{Selection{Line: "\xff"}, "line"},
		{Selection{Source: long}, "source"},
		{Selection{Class: keywords.Class(long)}, "class"},
		{Selection{Lexicon: long}, "lexicon"},
		{Selection{Suspect: "maybe"}, "suspect_state"},
		{Selection{Suspect: None, Class: "no_need"}, "class"},
	} {
		var wrong fault.Fields
		tt.s.check(&wrong)
		err := wrong.Err("op")
		if tt.wrong == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, tt.wrong)
	}
}

// What a run found is opened although it can't judge on.
func TestFailedWithRefusalsWaiting(t *testing.T) {
	t.Parallel()
	r := Run{State: Running, Apply: true, StartedAt: noon, Cursor: "b", Last: "z", Total: 9, Done: 2,
		Tally: Tally{Gained: 2, Waiting: 2}}
	r = r.failed("no engine", noon)
	require.Equal(t, Opening, r.State)
	r = r.Opened(Tally{Waiting: -1, Opened: 1}, noon)
	require.Equal(t, Opening, r.State)
	r = r.Opened(Tally{Waiting: -1, Opened: 1}, noon)
	require.Equal(t, Failed, r.State)
	require.Equal(t, "no engine", r.Problem)
	require.Equal(t, Failed, Run{State: Running, StartedAt: noon}.failed("no engine", noon).State)
}
