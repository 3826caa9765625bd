package asr

import (
	"cmp"
	"slices"
)

// NewSheaf readies a Mixer for so many recordings, each of which has a place of its own in it, from 0
// on (Config.Place). What is left at each one's end is mixed once all have been read, in the order
// of their places. So what shares a window with what, and by that each word, depends on the
// recordings alone, and not on the moment, on other work or on which was read first. That holds
// as long as no window fails: whoever has to rely on it puts what was heard aside then, and
// hears the others as a sheaf of their own.
//
// Whoever uses it says with Absent, once Hear has returned, that a place brings nothing more: Hear
// may have failed before the Mixer knew of it, and the others would wait.
func NewSheaf(recordings int) *Mixer {
	m := NewMixer()
	m.sheaf = &sheaf{missing: recordings, done: make([]bool, recordings)}
	return m
}

// sheaf is what a Mixer of a fixed number of recordings waits for.
type sheaf struct {
	missing int    // recordings that are not read to their end yet
	done    []bool // by place
}

// Absent says that nothing more comes for a place, if that isn't known yet.
func (m *Mixer) Absent(place int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.placeDone(place)
	m.kick()
}

// placeDone notes that nothing more comes for a place. With the last one, what is loose comes into order.
func (m *Mixer) placeDone(place int) {
	s := m.sheaf
	if s == nil || s.done[place] {
		return
	}
	s.done[place] = true
	if s.missing--; s.missing == 0 {
		slices.SortStableFunc(m.loose, func(a, b *piece) int {
			return cmp.Compare(a.run.place, b.run.place)
		})
	}
}
