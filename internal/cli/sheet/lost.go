package sheet

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// lookAhead is how many lines are looked at before the first row is given.
const lookAhead = 20

// aheadLine is a line that was read before its turn, or the error in its place.
type aheadLine struct {
	text  string
	place int
	err   error
}

var (
	// mobile is a mobile number, however it is written.
	mobile = regexp.MustCompile(`^(?:(?:\+|00)?86)?1[3-9]\d{9}$`)
	// ours are names of columns that hold numbers of the company's own people or lines.
	ours = regexp.MustCompile(`(?i)被投诉|被举报|外显|坐席|座席|客服|操作人|经办|受理|agent|operator`)
	// between are what people write between digits.
	between = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "")
)

// noneLost is an error where a column that is passed over holds telephone numbers, too:
// they would stay as callable as before. Who says with --map which column holds the numbers
// has seen that there are others.
func (t *Table) noneLost() error {
	if slices.ContainsFunc(t.maps, func(m mapping) bool { return m.column == t.layout.Numbers[0] }) {
		return nil
	}
	found, cells := map[string]int{}, map[string]int{}
	var names []string
	for _, line := range t.peek() {
		for name, cell := range t.overIn(line.text) {
			if cells[name]++; cells[name] == 1 {
				names = append(names, name)
			}
			if isMobile(cell) {
				found[name]++
			}
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if 2*found[name] > cells[name] && !ours.MatchString(name) {
			return fmt.Errorf("the column %q holds telephone numbers, too, and they would be left out; "+
				"import the file once for each such column, with --map %s=%s for this one, or say "+
				"with --map %s=NAME which column is the only one to be read", name,
				t.layout.Numbers[0], name, t.layout.Numbers[0])
		}
	}
	return nil
}

// peek reads the next lines without taking them.
func (t *Table) peek() []aheadLine {
	var all []aheadLine
	place := t.place
	for len(all) < lookAhead {
		text, err := t.next()
		all = append(all, aheadLine{text, t.place, err})
		if err != nil {
			break
		}
	}
	t.ahead = append(slices.Clone(all), t.ahead...)
	t.place = place
	return all
}

// overIn are the cells of a line that are passed over and not empty, by the names of their
// columns. What is not readable has none: it is told as a row.
func (t *Table) overIn(line string) map[string]string {
	if t.jsonl {
		return t.overInJSON(line)
	}
	row, err := Split(line, t.separator)
	if err != nil {
		return nil
	}
	over := map[string]string{}
	for i, cell := range row {
		if i < len(t.columns) && t.columns[i] == "" && Plain(cell) != "" {
			name := strings.TrimSpace(t.names[i])
			if name == "" {
				name = fmt.Sprintf("(number %d)", i+1)
			}
			over[name] = cell
		}
	}
	return over
}

func (t *Table) overInJSON(line string) map[string]string {
	object, err := objectOf(line)
	if err != nil {
		return nil
	}
	names := sortedKeys(object)
	columns, err := t.layout.resolve(names, t.maps, false)
	if err != nil {
		return nil
	}
	over := map[string]string{}
	for i, name := range names {
		if v := object[name]; columns[i] == "" && v != nil && v != "" {
			over[name] = fmt.Sprint(v)
		}
	}
	return over
}

func isMobile(cell string) bool {
	number, err := Number(cell)
	return err == nil && mobile.MatchString(between.Replace(number))
}
