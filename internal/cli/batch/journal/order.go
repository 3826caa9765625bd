package journal

import (
	"cmp"
	"slices"
)

// inOrder are the lines in force, in the order in which they were written.
func (j *Journal) inOrder() []place {
	all := make([]place, 0, len(j.index))
	for _, p := range j.index {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b place) int { return cmp.Compare(a.at, b.at) })
	return all
}

// EachBy is Each in the order that the lines' names give, which key tells.
func (j *Journal) EachBy(key func(line []byte) (string, error), f func(line []byte) error) error {
	type named struct {
		name string
		place
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	all := make([]named, 0, len(j.index))
	for _, p := range j.inOrder() {
		line, err := j.read(p)
		if err != nil {
			return err
		}
		name, err := key(line)
		if err != nil {
			return err
		}
		all = append(all, named{name, p})
	}
	slices.SortStableFunc(all, func(a, b named) int { return cmp.Compare(a.name, b.name) })
	for _, n := range all {
		line, err := j.read(n.place)
		if err == nil {
			err = f(line)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
