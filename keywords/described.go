package keywords

import (
	"strings"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/normal"
)

// Described is a passage as a correction sees it: what it is made from, and what it may weigh.
type Described struct {
	// Text is normalised, with its gaps.
	Text string
	// LogOdds are those that it is a refusal; Counts says that a hit in it counts.
	LogOdds float64
	Counts  bool
	// Runs are its stretches without any gap, Length how many characters it has.
	Runs   []string
	Length int
	// Phrases and Classes are those of its hits that count; without Phrases only the model
	// takes it for a refusal, if anything does.
	Phrases []string
	Classes []Class
}

// Describe describes the passages of a customer's transcript, besides the verdict on it, which is
// Call's. There are none where the learned model has no say.
func (j *Judge) Describe(
	customer, agent asr.Transcript, answerOffset time.Duration,
) ([]Described, Verdict) {
	r := newReading()
	defer r.release()
	s := newSpoken(customer, j.options.MaxPause, answerOffset)
	s.agent = agent.Segments
	j.search.read(r, s.cursor.text)
	a := j.hits(r, s)
	told := a.machineSpeaks(customer, answerOffset)
	v := j.verdict(&account{append([]judged(nil), a.hits...), a.passages})
	v.Answers = s.answers
	v.AnsweredBy = answeredBy(customer, answerOffset, told, v.Suspect)
	var list []Described
	for i, w := range j.model.settle(&a) {
		p := a.passages[i]
		d := Described{Text: r.text.Show(p.start, p.end), LogOdds: w.odds, Length: p.end - p.start,
			Runs: r.unbrokenRuns(p)}
		for _, h := range w.hits {
			d.Counts = d.Counts || h.Veto == nil
		}
		found := traitsOf(w.hits)
		d.Phrases, d.Classes = found.phrases, found.classes
		list = append(list, d)
	}
	return list, v
}

// unbrokenRuns are the stretches of p between its gaps.
func (r *reading) unbrokenRuns(p passage) []string {
	var list []string
	start := p.start
	for at := p.start + 1; at <= p.end; at++ {
		if at == p.end || r.text.Before[at] > normal.Joined {
			list = append(list, strings.Clone(r.text.Slice(start, at)))
			start = at
		}
	}
	return list
}
