package recording

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// When a source raises an alarm: of the last AlarmWindow recordings that were judged, all
// within AlarmSpan, more than alarmShare are broken (see Defects.Broken), and of those
// before fewer than usualShare were, or there were hardly any. It ends when the share has
// fallen below endShare.
const (
	AlarmWindow = 20
	AlarmSpan   = time.Hour
	alarmShare  = 0.5
	usualShare  = 0.1
	endShare    = 0.25
	// leastBefore is how many recordings before make a usual share, mostBefore how many are
	// remembered.
	leastBefore = 10
	mostBefore  = 200
	// maxSources bounds the memory: beyond it, new sources are not watched.
	maxSources = 1000
)

// Alarm is a source whose recordings broke all at once.
type Alarm struct {
	Source string
	// Broken of the last Of recordings are.
	Broken, Of int
	// Since is when the alarm was raised.
	Since time.Time
}

// Alarms watches the sources of recordings. The zero value is ready, and safe for
// concurrent use.
type Alarms struct {
	mu      sync.Mutex
	sources map[string]*source
}

// source is what is remembered of one: the last recordings and those before.
type source struct {
	recent []judged
	before []bool
	since  time.Time // zero while there is no alarm
}

type judged struct {
	at     time.Time
	broken bool
}

// Judged takes a recording into account that was judged at that time, and tells the alarm
// that it raises or ends, nil for neither.
func (a *Alarms) Judged(name string, d Defects, at time.Time) (raised, ended *Alarm) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.source(name)
	if s == nil {
		return nil, nil
	}
	s.take(judged{at, d.Broken()})
	alarm := s.alarm(name)
	switch {
	case s.since.IsZero() && s.broke(at):
		s.since, alarm.Since = at, at
		return &alarm, nil
	case !s.since.IsZero() && share(alarm.Broken, alarm.Of) < endShare:
		s.since = time.Time{}
		return nil, &alarm
	}
	return nil, nil
}

// source is nil where there are too many.
func (a *Alarms) source(name string) *source {
	s := a.sources[name]
	if s == nil && len(a.sources) < maxSources {
		if a.sources == nil {
			a.sources = map[string]*source{}
		}
		s = &source{}
		a.sources[name] = s
	}
	return s
}

// take adds one. While an alarm stands, what is older does not become the usual.
func (s *source) take(j judged) {
	s.recent = append(s.recent, j)
	if len(s.recent) <= AlarmWindow {
		return
	}
	if s.since.IsZero() {
		s.before = append(s.before, s.recent[0].broken)
		s.before = s.before[max(0, len(s.before)-mostBefore):]
	}
	s.recent = slices.Delete(s.recent, 0, 1)
}

// broke reports whether an alarm is due.
func (s *source) broke(now time.Time) bool {
	n := len(s.recent)
	if n < AlarmWindow || now.Sub(s.recent[0].at) > AlarmSpan ||
		share(s.brokenNow(), n) <= alarmShare {
		return false
	}
	usual := 0
	for _, b := range s.before {
		if b {
			usual++
		}
	}
	return len(s.before) < leastBefore || share(usual, len(s.before)) < usualShare
}

func (s *source) brokenNow() (n int) {
	for _, j := range s.recent {
		if j.broken {
			n++
		}
	}
	return n
}

func share(n, of int) float64 { return float64(n) / float64(max(1, of)) }

func (s *source) alarm(name string) Alarm {
	return Alarm{Source: name, Broken: s.brokenNow(), Of: len(s.recent), Since: s.since}
}

// Standing are the alarms that stand, by source, and Watched the sources that are watched.
func (a *Alarms) Standing() (standing []Alarm, watched []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, s := range a.sources {
		watched = append(watched, name)
		if !s.since.IsZero() {
			standing = append(standing, s.alarm(name))
		}
	}
	slices.Sort(watched)
	slices.SortFunc(standing, func(x, y Alarm) int { return cmp.Compare(x.Source, y.Source) })
	return standing, watched
}
