package keywords

import (
	"fmt"
	"strings"
)

// Explanation tells step by step how a verdict on a text came about.
type Explanation struct {
	Text string `json:"text"`
	// Normal is the text as phrases are looked for in it: simplified, without fillers;
	// a space stands for a pause, and punctuation for the end of a clause or sentence.
	Normal string `json:"normal"`
	// Heard are the words that were taken for others of the same sound.
	Heard []Misheard `json:"heard"`
	// Dropped are the places of phrases that are no hits.
	Dropped []Dropped `json:"dropped"`
	Verdict Verdict   `json:"verdict"`
	// Steps are the hits' way to the score, in order of position.
	Steps []Step `json:"steps"`
	// Passages are what was weighed as one each; none where the learned model has no say.
	Passages []Weighing `json:"passages"`
	// Evidence is what the hits that count come to before it is made a score.
	Evidence  float64 `json:"evidence"`
	Threshold float64 `json:"threshold"`
}

// Misheard is a word that was read as another.
type Misheard struct {
	Written string `json:"written"`
	Read    string `json:"read"`
}

// Dropped is a place of a phrase that is no hit.
type Dropped struct {
	Class  Class  `json:"class"`
	Phrase string `json:"phrase"`
	Text   string `json:"text"` // normalised
	Why    string `json:"why"`
}

// Step is a hit's part in the score.
type Step struct {
	Class  Class     `json:"class"`
	Phrase string    `json:"phrase"`
	Line   int       `json:"line"` // of the phrase in the lexicon
	Text   string    `json:"text"`
	Match  MatchKind `json:"match"`
	Weight float64   `json:"weight"`
	Score  float64   `json:"score"`
	// Veto is nil for a hit that counts.
	Veto *Veto `json:"veto"`
	// Ordinary is in how many of OrdinaryLines lines of ordinary talk the phrase stands, Discount
	// by how much it counts less for that; its weight may come from these counts already.
	Ordinary      int     `json:"ordinary"`
	OrdinaryLines int     `json:"ordinary_lines"`
	Discount      float64 `json:"discount"`
	// AgentLikeness is the hit's.
	AgentLikeness *float64 `json:"agent_likeness,omitempty"`
	// Asked is the hit's.
	Asked string `json:"asked,omitempty"`
	// Again says that a hit of the same phrase counts already.
	Again bool `json:"again"`
}

// Explain judges text as Text does, and tells why.
func (j *Judge) Explain(text string) Explanation {
	r := newReading()
	defer r.release()
	e := Explanation{Text: text, Heard: []Misheard{}, Dropped: []Dropped{}, Steps: []Step{},
		Passages: []Weighing{}, Threshold: j.options.Threshold}
	j.search.read(r, text)
	e.Normal = r.text.Show(0, len(r.text.Runes))
	for written, read := range r.text.Corrections {
		e.Heard = append(e.Heard, Misheard{written, read})
	}
	r.trace = func(u *rule, start, end int, why string) {
		e.Dropped = append(e.Dropped, Dropped{u.class, u.phrase, r.text.Slice(start, end), why})
	}
	a := j.hits(r, &plain{cursor: cursor{text: text}})
	e.Passages = j.model.weighings(r, a)
	e.Verdict = j.verdict(&a)
	e.Evidence = combine(a.hits).evidence
	e.Steps = steps(a.hits)
	return e
}

func steps(hits []judged) []Step {
	list := make([]Step, 0, len(hits))
	best := bestOf(hits)
	for _, h := range hits {
		s := Step{
			Class: h.Class, Phrase: h.Phrase, Line: h.rule.line, Text: h.Text, Match: h.Match,
			Weight: h.rule.weight, Score: h.Score, Veto: h.Veto,
			AgentLikeness: h.AgentLikeness, Asked: h.Asked,
			Ordinary: h.rule.ordinary.lines, OrdinaryLines: max(0, h.rule.ordinary.of),
			Discount: h.rule.ordinary.discount,
		}
		if h.Veto == nil {
			_, first := best[h.Phrase]
			s.Again = !first
			delete(best, h.Phrase)
		}
		list = append(list, s)
	}
	return list
}

// String is the explanation for people.
func (e Explanation) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "text      %s\nread as   %s\n", e.Text, e.Normal)
	for _, m := range e.Heard {
		fmt.Fprintf(&out, "heard     %s for %s: the same sound, and it makes sense\n", m.Written,
			m.Read)
	}
	for _, s := range e.Steps {
		fmt.Fprintf(&out, "hit       %s\n", s)
	}
	for _, d := range e.Dropped {
		fmt.Fprintf(&out, "no hit    %s (%s, phrase %s): %s\n", d.Text, d.Class, d.Phrase, d.Why)
	}
	for _, p := range e.Passages {
		out.WriteString(p.String())
	}
	fmt.Fprintf(&out, "score     %s\n", e.sum())
	return out.String()
}

// String is the step for people.
func (s Step) String() string {
	text := fmt.Sprintf("%s (%s, phrase %s at line %d of the lexicon): ", s.Text, s.Class, s.Phrase,
		s.Line)
	switch s.Match {
	case MatchLearned:
		text = fmt.Sprintf("%s (%s, no phrase of the lexicon, but the passage weighs enough): ",
			s.Text, s.Class)
	case MatchAnswer:
		text = fmt.Sprintf("%s (%s, as the agent had asked %q): ", s.Text, s.Class, s.Asked)
	case MatchExact, MatchPinyin:
	}
	switch {
	case s.Veto != nil && s.Veto.Reason == VetoEcho && s.AgentLikeness != nil:
		return text + fmt.Sprintf("does not count, echo: %.2f of the sound is the agent's",
			*s.AgentLikeness)
	case s.Veto != nil && s.Veto.Text != "":
		return text + fmt.Sprintf("does not count, %s because of %q", s.Veto.Reason, s.Veto.Text)
	case s.Veto != nil:
		return text + fmt.Sprintf("does not count, %s", s.Veto.Reason)
	case s.Again:
		return text + "the same phrase counts already"
	}
	if s.Match == MatchLearned {
		return text + fmt.Sprintf("%.2f", s.Score)
	}
	text += fmt.Sprintf("weight %.2f", s.Weight)
	if s.Match == MatchPinyin {
		text += fmt.Sprintf(" × %.2f as it only sounds so", pinyinKind)
	}
	if s.Discount > 0 {
		text += fmt.Sprintf(" − %.2f", s.Discount)
	}
	text += fmt.Sprintf(" = %.2f", s.Score)
	if s.OrdinaryLines > 0 {
		text += fmt.Sprintf(" (ordinary talk has it in %d of %d lines)", s.Ordinary,
			s.OrdinaryLines)
	}
	return text
}

// sum is the arithmetic of the score.
func (e Explanation) sum() string {
	factors := []string{}
	for _, s := range e.Steps {
		if s.Veto == nil && !s.Again {
			factors = append(factors, fmt.Sprintf("(1 − %.2f)", s.Score))
		}
	}
	if len(factors) == 0 {
		return "0, as no hit counts"
	}
	verdict := "suspect"
	if !e.Verdict.Suspect {
		verdict = "not suspect"
	}
	end := fmt.Sprintf("%.2f; from %.2f on it is suspect: %s", e.Verdict.Score, e.Threshold,
		verdict)
	if len(e.Passages) > 0 {
		return "of the passages with hits that count " + end
	}
	return fmt.Sprintf("1 − %s = %.2f, which on the scale of probability is %s",
		strings.Join(factors, "·"), e.Evidence, end)
}
