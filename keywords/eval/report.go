package eval

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Answer is what was found in an utterance.
type Answer struct {
	Refusal bool
	Class   string  // empty where nothing was found or classes are not told apart
	Score   float64 // 0..1
	// Why says in a word what stood in the way of a refusal, or spoke for one.
	Why string
}

// Count counts answers. The rates are 1 where there was nothing to get wrong.
type Count struct{ Right, Missed, False, Rejected int }

// Precision is the share of found refusals that are some.
func (c Count) Precision() float64 { return share(c.Right, c.Right+c.False) }

// Recall is the share of refusals that were found.
func (c Count) Recall() float64 { return share(c.Right, c.Right+c.Missed) }

// F1 is the harmonic mean of precision and recall.
func (c Count) F1() float64 { return share(2*c.Right, 2*c.Right+c.Missed+c.False) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// Add counts an answer that should have been want.
func (c *Count) Add(want, got bool) {
	switch {
	case want && got:
		c.Right++
	case want:
		c.Missed++
	case got:
		c.False++
	default:
		c.Rejected++
	}
}

// Plus is c and other together.
func (c Count) Plus(other Count) Count {
	return Count{c.Right + other.Right, c.Missed + other.Missed, c.False + other.False, c.Rejected +
		other.Rejected}
}

// Found is how many of the refusals were found.
func (c Count) Found() Rate { return Rate{c.Right, c.Right + c.Missed} }

// Alarms is how many utterances that are no refusals were taken for some.
func (c Count) Alarms() Rate { return Rate{c.False, c.False + c.Rejected} }

// Report is how one way of judging did.
type Report struct {
	All Count
	// Classes count a refusal of another class, and one found under another, as wrong.
	Classes map[string]*Count
	Kinds   map[string]*Count
	Wrong   []Mistake
	// Confused counts refusals by their class and the class they were found under.
	Confused map[[2]string]int
}

// Mistake is an utterance that was judged wrongly.
type Mistake struct {
	Utterance
	Answer
}

// Measure judges all utterances.
func Measure(list []Utterance, judge func(text string) Answer) Report {
	r := Report{Classes: map[string]*Count{}, Kinds: map[string]*Count{},
		Confused: map[[2]string]int{}}
	for _, u := range list {
		entry(r.Classes, u.Class)
	}
	delete(r.Classes, "")
	for _, u := range list {
		a := judge(u.Text)
		r.All.Add(u.Refusal, a.Refusal)
		entry(r.Kinds, u.Kind).Add(u.Refusal, a.Refusal)
		for class, count := range r.Classes {
			count.Add(u.Class == class, a.Refusal && a.Class == class)
		}
		if u.Refusal != a.Refusal {
			r.Wrong = append(r.Wrong, Mistake{u, a})
		}
		if u.Refusal && a.Refusal && a.Class != u.Class {
			r.Confused[[2]string{u.Class, a.Class}]++
		}
	}
	return r
}

// Causes counts what misled the judge, by kind.
func (r Report) Causes() string {
	counts := map[string]int{}
	for _, m := range r.Wrong {
		what := "false "
		if m.Utterance.Refusal {
			what = "missed"
		}
		counts[fmt.Sprintf("%s %s: %s", what, m.Kind, m.Why)]++
	}
	var lines []string
	for cause, n := range counts {
		lines = append(lines, fmt.Sprintf("%s: %d\n", cause, n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func entry(counts map[string]*Count, key string) *Count {
	if counts[key] == nil {
		counts[key] = &Count{}
	}
	return counts[key]
}

// Table is the report as text, without the utterances.
func (r Report) Table() string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	row := func(name string, c Count) {
		low, high := c.Found().Bounds()
		fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f to %.3f\t%.3f\t%d\t%d\t%d\t%d\n",
			name, c.Precision(), c.Recall(), low, high, c.F1(), c.Right, c.Missed, c.False,
			c.Rejected)
	}
	fmt.Fprintln(w, "\tprecision\trecall\twith 95 % confidence\tF1\tright\tmissed\tfalse\trejected")
	row("all", r.All)
	for _, group := range []map[string]*Count{r.Classes, r.Kinds} {
		fmt.Fprintln(w, "\t\t\t\t\t\t\t\t")
		for _, name := range sorted(group) {
			row(name, *group[name])
		}
	}
	_ = w.Flush()
	return out.String()
}

// Confusion lists which classes were taken for which.
func (r Report) Confusion() string {
	var lines []string
	for pair, n := range r.Confused {
		lines = append(lines, fmt.Sprintf("%s taken for %s: %d\n", pair[0], pair[1], n))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func sorted(counts map[string]*Count) []string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
