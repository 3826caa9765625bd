package sheet

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ReasonColumn is the column of rejected rows that says why. Whatever reads a table passes
// over it.
const ReasonColumn = "rejected_because"

// Layout says which columns a table may have. What has other names is passed over.
type Layout struct {
	// Columns are their names, the first so many Needed.
	Columns []string
	Needed  int
	// Blank tells that a row may have nothing in a column that is needed, but must have it.
	Blank bool
	// Keeps tells that other columns come back in the result: that they are passed over is no news.
	Keeps bool
	// More are columns that may be there, too, and that no message names.
	More []string
	// Names are other names of columns, the best first: of names that stand side by side
	// a table may have one, and what stands behind is taken only where they are missing.
	Names map[string][][]string
	// Unclear are names that mean a column with some and something else with others: such a
	// one is passed over, and named where the column is missing.
	Unclear map[string][]string
	// Numbers are the columns that hold telephone numbers.
	Numbers []string
	// Whole tells that no number may be left out: a column more that holds telephone numbers
	// is an error.
	Whole bool
	// Lone is the column of a table that has only one and doesn't name it; "" for none.
	Lone string
	// Forms are tables without a line of names that can be told by their first row.
	Forms []Form
}

// Form is a table whose columns are always the same, so that it doesn't name them.
type Form struct {
	// Name is what it is, such as "Asterisk's Master.csv".
	Name string
	// Columns are those that its first row may end after, in order.
	Columns []string
	// Is tells its rows.
	Is func(cells []string) bool
	// Advice is what to do where it lacks a column that is needed.
	Advice string
}

// NumberNames are what a column of telephone numbers is called.
var NumberNames = [][]string{
	{"phone_number_dialed", "number_dialed", "dialed_number"}, // and not what a lead has
	{"号码", "手机号", "手机号码", "手机", "电话", "电话号码", "联系电话", "联系方式", "客户电话",
		"客户号码", "客户手机", "客户手机号", "被叫", "被叫号码", "被叫号", "呼叫号码", "phone",
		"phone_number", "phone number", "telephone", "tel", "mobile", "mobile_number",
		"cell", "msisdn", "callee", "callee_number", "called", "called_number", "called_party",
		"destination", "destination_number", "dst", "to_number"},
	{"contact", "contact_number", "phone1", "dnid"},
}

// IsNumberName tells whether a column of that name holds telephone numbers.
func IsNumberName(name string) bool {
	return len(NumberColumns([]string{name})) > 0
}

// NumberColumns are the columns whose names say that they hold telephone numbers: one, or
// several that say so equally well.
func NumberColumns(names []string) []int {
	for _, group := range append([][]string{{"number"}}, NumberNames...) {
		var at []int
		for i, name := range names {
			if slices.ContainsFunc(group, func(n string) bool { return SameName(n, name) }) {
				at = append(at, i)
			}
		}
		if len(at) > 0 {
			return at
		}
	}
	return nil
}

func (l Layout) knows(column string) bool {
	return slices.Contains(l.Columns, column) || slices.Contains(l.More, column)
}

// all are the columns in the order in which names are looked for.
func (l Layout) all() []string { return slices.Concat(l.Columns, l.More, []string{ReasonColumn}) }

// known tells whether a cell is the name of a column, or could be.
func (l Layout) known(cell string) bool {
	name := fold(cell)
	for _, column := range l.all() {
		if name == fold(column) || slices.ContainsFunc(slices.Concat(l.Names[column]...),
			func(other string) bool { return name == fold(other) }) {
			return true
		}
	}
	return LooksLikeNumber(cell)
}

// remark is what a form for people adds to a name that changes nothing.
var remark = regexp.MustCompile(`(?i)[(\[（【](必填|必须|选填|可选|秒|s|sec|seconds|required|` +
	`optional)[)\]）】]`)

// fold makes names comparable: without case, width, and what stands between words.
func fold(name string) string {
	name = remark.ReplaceAllString(norm.NFKC.String(Plain(name)), "")
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("()[]%", r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// SameName tells whether two names of a column, or of what stands in one, are written alike but for
// case, width and what stands between words.
func SameName(a, b string) bool { return fold(a) == fold(b) && fold(a) != "" }

// header is what the columns of a table are: "" for those that are passed over.
type header []string

// resolve finds the columns that names stand for. Strict tells that what --map names must
// be there.
func (l Layout) resolve(names []string, maps []mapping, strict bool) (header, error) {
	h, folded := make(header, len(names)), make([]string, len(names))
	for i, name := range names {
		folded[i] = fold(name)
	}
	for _, m := range maps {
		at := slices.Index(folded, fold(m.name))
		if at >= 0 {
			h[at] = m.column
		} else if strict {
			return nil, fmt.Errorf("--map %s=%s: the columns of the first line are %s", m.column,
				m.name, strings.Join(names, ", "))
		}
	}
	for _, column := range l.all() {
		if slices.Contains(h, column) {
			continue
		}
		if err := l.find(column, h, names, folded); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// find sets the column of h that a column of the layout is, if any.
func (l Layout) find(column string, h header, names, folded []string) error {
	for rank, group := range append([][]string{{column}}, l.Names[column]...) {
		at := matches(group, h, folded)
		switch {
		case len(at) == 1:
			h[at[0]] = column
			return nil
		case len(at) > 1 && rank == 0:
			return fmt.Errorf("column %q is there twice", column)
		case len(at) > 1:
			return fmt.Errorf("the columns %q and %q could both be the %s; say which with --map "+
				"%s=%s", names[at[0]], names[at[1]], column, column, names[at[0]])
		}
	}
	return nil
}

// matches are the columns of h that are free yet and have one of the names.
func matches(group []string, h header, folded []string) []int {
	var at []int
	for i, have := range folded {
		if h[i] == "" && slices.ContainsFunc(group, func(n string) bool { return fold(n) == have }) {
			at = append(at, i)
		}
	}
	return at
}

// lacks names a needed column that is not there; "" where all are.
func (h header) lacks(l Layout) string {
	for _, name := range l.Columns[:l.Needed] {
		if !slices.Contains(h, name) {
			return name
		}
	}
	return ""
}

// missing is the error of a table that lacks a column.
func (h header) missing(l Layout, names []string) error {
	name := h.lacks(l)
	if name == "" {
		return nil
	}
	for _, other := range names {
		if slices.ContainsFunc(l.Unclear[name], func(n string) bool { return SameName(n, other) }) {
			other = strings.TrimSpace(other)
			return fmt.Errorf("the column %q may be the %s, or be something else; if it is, say so "+
				"with --map %s=%s", other, name, name, other)
		}
	}
	return fmt.Errorf("the column %q is missing; needed are %s; where a column has another name, "+
		"say so with --map %s=NAME", name, strings.Join(l.Columns[:l.Needed], ", "), name)
}

// none tells that nothing is known but, perhaps, why rows were rejected.
func (h header) none() bool {
	return !slices.ContainsFunc(h, func(c string) bool { return c != "" && c != ReasonColumn })
}

// passedOver are the names of columns that nobody asked for.
func (h header) passedOver(names []string) []string {
	var all []string
	for i, name := range names {
		if h[i] == "" && strings.TrimSpace(name) != "" {
			all = append(all, strings.TrimSpace(name))
		}
	}
	return all
}
