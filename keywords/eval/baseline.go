package eval

import (
	"slices"
	"strings"
)

// Usual is a list of keywords as call centres keep them.
var Usual = []string{
	"没兴趣", "不感兴趣", "不需要", "不用了", "不要", "不想听", "别打了", "别再打", "不要再打",
	"投诉", "骚扰", "打错了",
}

// ByList judges by whether one of the phrases occurs.
func ByList(phrases []string) func(text string) Answer {
	return func(text string) Answer {
		found := slices.ContainsFunc(phrases,
			func(phrase string) bool { return strings.Contains(text, phrase) })
		return Answer{Refusal: found}
	}
}

// Greedy chooses up to size phrases of two to six characters from the refusals in list,
// each the one that raises F1 on list most.
func Greedy(list []Utterance, size int) []string {
	where := occurrences(list)
	candidates := make([]string, 0, len(where))
	for phrase, at := range where {
		if len(at) > 1 {
			candidates = append(candidates, phrase)
		}
	}
	slices.Sort(candidates)
	found := make([]bool, len(list))
	var so Count
	for _, u := range list {
		so.Add(u.Refusal, false)
	}
	var chosen []string
	for len(chosen) < size {
		best, reached := "", so
		for _, phrase := range candidates {
			if c := with(list, found, so, where[phrase]); c.F1() > reached.F1() {
				best, reached = phrase, c
			}
		}
		if best == "" {
			break
		}
		chosen, so = append(chosen, best), reached
		for _, i := range where[best] {
			found[i] = true
		}
	}
	return chosen
}

// occurrences maps phrases that occur in refusals to the utterances they occur in.
func occurrences(list []Utterance) map[string][]int {
	where := map[string][]int{}
	for i, u := range list {
		seen := map[string]bool{}
		characters := []rune(u.Text)
		for start := range characters {
			for length := 2; length <= 6 && start+length <= len(characters); length++ {
				phrase := string(characters[start : start+length])
				if !seen[phrase] {
					seen[phrase] = true
					where[phrase] = append(where[phrase], i)
				}
			}
		}
	}
	return where
}

// with is the count so of found, with more found too.
func with(list []Utterance, found []bool, so Count, more []int) Count {
	for _, i := range more {
		switch {
		case found[i]:
		case list[i].Refusal:
			so.Right++
			so.Missed--
		default:
			so.False++
			so.Rejected--
		}
	}
	return so
}
