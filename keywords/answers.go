package keywords

import (
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/keywords/find"
	"github.com/refrain-asr/refrain/keywords/lexicon"
	"github.com/refrain-asr/refrain/keywords/normal"
)

const (
	// askedWithin is how long before an answer the agent asked for it at most.
	askedWithin = 6 * time.Second
	// askedReach is how many characters of the agent's words before an answer are looked at.
	askedReach = 40
	// answerWeight is how surely a no to an offer is a refusal.
	answerWeight = 0.97
)

// answers know what a short answer means by what the agent asked.
type answers struct {
	around vocabulary // of the clause, no and none among them
	no     vocabulary
	none   vocabulary
	rule   *rule
	finder *find.Finder
	// meanings are those of the finder's patterns; the first so many are offers, the others not.
	meanings []meaning
	offers   int
}

// answers makes those of the lexicon, nil where it has none.
func (c *compiler) answers(lex *lexicon.Lexicon, around around) *answers {
	if lex.Answers == nil {
		return nil
	}
	class, _ := lex.Class(lex.Answers.Class)
	a := &answers{no: newVocabulary(c.all(lex.Answers.No)),
		none: newVocabulary(c.all(lex.Answers.None)), offers: len(lex.Answers.Offer),
		rule: classRule(class)}
	a.around = union(around.before, around.after, a.no, a.none)
	a.rule.weight, a.rule.answer = answerWeight, true
	// Ordinary talk has such words all day, but as answers to other questions.
	a.rule.ordinary = ordinary{of: hardlyEver}
	questions := find.NewBuilder()
	for _, mark := range slices.Concat(lex.Answers.Offer, lex.Answers.Other) {
		m, pieces := c.pattern(mark.Pattern, mark.Line)
		questions.Add(pieces)
		a.meanings = append(a.meanings, m)
	}
	a.finder = questions.Finder()
	return a
}

func union(parts ...vocabulary) vocabulary {
	all := vocabulary{words: map[string]bool{}}
	for _, part := range parts {
		maps.Copy(all.words, part.words)
		all.longest = max(all.longest, part.longest)
	}
	return all
}

// answer is a clause that says no and nothing else, at the beginning of what the customer says.
type answer struct {
	start, end int
	none       bool // it answers only what was asked last
}

// find finds the answers in what a customer said.
func (a *answers) find(t *normal.Text) (list []answer) {
	for start := range t.Runes {
		if start > 0 && t.Before[start] < normal.Line {
			continue
		}
		end, complete := t.Right(start+1, reach-1)
		if !complete || !a.around.spells(t, start, end) {
			continue
		}
		no, none := a.no.within(t, start, end), a.none.within(t, start, end)
		if no || none {
			list = append(list, answer{start, end, !no})
		}
	}
	return list
}

// within reports whether a word of v stands from start to end.
func (v vocabulary) within(t *normal.Text, start, end int) bool {
	for at := start + 1; at <= end; at++ {
		if _, found := v.endingAt(t, start, at); found {
			return true
		}
	}
	return false
}

// question is what the agent asked just before an answer.
type question struct {
	text  string // normalised
	offer bool
}

// asked reads the last question in the agent's words, if they have one; only in the last clause
// where the answer is to that.
func (a *answers) asked(s *search, words string, n answer) (q question, found bool) {
	if words == "" {
		return q, false
	}
	r := newReading()
	defer r.release()
	s.read(r, words)
	t := &r.text
	first := 0
	if n.none {
		first = lastClause(t)
	}
	last := find.Place{}
	var memory find.Memory
	for _, p := range a.finder.Find(t, &memory) {
		other := p.Pattern >= a.offers
		if p.Start < first || !a.stands(t, p) || p.End < last.End || p.End == last.End && !other {
			continue
		}
		last, found = p, true
	}
	if !found {
		return q, false
	}
	return question{t.Slice(last.Start, last.End), last.Pattern < a.offers}, true
}

// stands reports whether a place lies in one clause, and begins and ends it where its pattern
// asks for it.
func (a *answers) stands(t *normal.Text, p find.Place) bool {
	m := &a.meanings[p.Pattern]
	return !crossesClause(t, p) && (!m.begins || t.Before[p.Start] > normal.Joined) &&
		(!m.ends || t.Before[p.End] > normal.Joined)
}

// lastClause is where the last clause begins.
func lastClause(t *normal.Text) int {
	for at := len(t.Runes) - 1; at > 0; at-- {
		if t.Before[at] >= normal.Comma {
			return at
		}
	}
	return 0
}

// weighAnswers makes candidates of the answers to offers, where no phrase was found, and notes
// those to other questions, in which nothing counts.
func (j *Judge) weighAnswers(r *reading, from source) {
	if j.answers == nil || from.side() != asr.Customer {
		return
	}
	for _, n := range j.answers.find(&r.text) {
		at, _ := r.text.Origin(n.start, n.end)
		q, found := j.answers.asked(j.search, from.saysNo(at), n)
		switch {
		case !found:
		case !q.offer:
			r.elsewhere = append(r.elsewhere, elsewhere{n, q.text})
		case !r.overlapsHit(find.Place{Start: n.start, End: n.end}):
			r.candidates = append(r.candidates, candidate{rule: j.answers.rule, start: n.start,
				end: n.end, asked: q.text})
		}
	}
	slices.SortStableFunc(r.candidates, func(a, b candidate) int { return a.start - b.start })
}

// elsewhere is an answer to a question that was no offer.
type elsewhere struct {
	answer
	asked string
}

// otherQuestion is the agent's question that is no offer, where the candidate stands in an answer
// to one.
func (r *reading) otherQuestion(c candidate) (text string, found bool) {
	i := slices.IndexFunc(r.elsewhere, func(e elsewhere) bool {
		return e.start < c.end && c.start < e.end
	})
	if i < 0 {
		return "", false
	}
	return r.elsewhere[i].asked, true
}

// saysNo implements listener.
func (s *spoken) saysNo(character int) string {
	segment, _ := s.at(character)
	s.answers = append(s.answers, s.segments[segment].Span)
	return s.agentBefore(s.segments[segment].Start)
}

// agentBefore is the last of what the agent said before a time, or was saying then.
func (s *spoken) agentBefore(at time.Duration) string {
	text := ""
	for _, segment := range slices.Backward(s.agent) {
		if segment.Start >= at {
			continue
		}
		if at-segment.End > askedWithin || utf8.RuneCountInString(text) > askedReach {
			break
		}
		text = segment.Text + "\n" + text
	}
	return text
}
