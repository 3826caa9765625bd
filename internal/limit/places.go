package limit

import (
	"container/list"
	"errors"
	"sync"
	"time"
)

// ErrPlaces says that all places are taken, by some who are all busy.
var ErrPlaces = errors.New("all places are taken")

// silence is how long somebody who is to give way for another must have been silent.
const silence = 2 * time.Second

// Places are so many of something, such as uploads. Where all are taken, whoever has been silent
// the longest gives way to the next. They are safe for concurrent use.
type Places struct {
	most int
	now  func() time.Time

	mu    sync.Mutex
	taken list.List // of *Place, the longest silent first
}

// NewPlaces makes so many, at least one. Now is the clock, which must not go back.
func NewPlaces(most int, now func() time.Time) *Places {
	return &Places{most: max(1, most), now: now}
}

// Place is one that somebody has.
type Place struct {
	of    *Places
	at    *list.Element
	heard time.Time
	lost  chan struct{}
}

// Take takes a place until it is left. It gives ErrPlaces where all are taken and nobody has been
// silent for 2 seconds.
func (p *Places) Take() (*Place, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.taken.Len() >= p.most {
		silent, ok := p.taken.Front().Value.(*Place)
		if !ok || now.Sub(silent.heard) < silence {
			return nil, ErrPlaces
		}
		p.taken.Remove(silent.at)
		close(silent.lost)
	}
	one := &Place{of: p, heard: now, lost: make(chan struct{})}
	one.at = p.taken.PushBack(one)
	return one, nil
}

// Heard notes that whoever has the place did something.
func (p *Place) Heard() {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	p.heard = p.of.now()
	p.of.taken.MoveToBack(p.at) // nothing, where it is lost
}

// Lost is closed when the place was given to somebody else.
func (p *Place) Lost() <-chan struct{} { return p.lost }

// Leave gives the place back.
func (p *Place) Leave() {
	p.of.mu.Lock()
	defer p.of.mu.Unlock()
	p.of.taken.Remove(p.at) // nothing, where it is lost
}
