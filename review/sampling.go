package review

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"time"

	"github.com/refrain-asr/refrain/keywords"
)

// Sampling chooses what people look at although nothing asks for it: some of the calls that
// somebody answered and that made no suspect (samples), and some decided calls once more, by
// somebody else (second looks). So it is known what the lexicon misses and whether reviewers
// agree. What it chooses depends on the recording's id and a secret key alone, so that nobody can
// tell before and nothing chooses anew.
type Sampling struct {
	// Share (0..1) of the answered calls without a suspect are samples, at most PerDay a day;
	// there are none where one of them is 0.
	Share  float64
	PerDay int
	// Second (0..1) is the share of decided calls that get a second look.
	Second float64
	Key    []byte
	// Zone is whose days count.
	Zone func() *time.Location
}

// on reports whether samples are taken.
func (s Sampling) on() bool { return s.Share > 0 && s.PerDay > 0 }

// Candidate makes of a judged recording what may be put before reviewers: a suspect, or a call
// that may become a sample. ok is false where it is neither. What becomes of it is up to Drawn.
func (s Sampling) Candidate(of Heard, v keywords.Verdict, now time.Time) (x Suspect, ok bool) {
	x, ok = NewSuspect(of, v, now)
	if !s.on() {
		return x, ok
	}
	if !ok {
		if v.AnsweredBy != keywords.Human {
			return Suspect{}, false
		}
		x = newSuspect(of, v, now)
		x.Kind, x.Blind = Sample, true
	}
	local := now.In(s.Zone())
	x.Lot = &Lot{
		Day:       local.Format(time.DateOnly),
		DayBefore: local.AddDate(0, 0, -1).Format(time.DateOnly),
		Share:     s.Share, PerDay: s.PerDay, Draw: s.draw("sample", of.RecordingID),
	}
	return x, true
}

// again reports whether the recording's decision gets a second look.
func (s Sampling) again(recordingID string) bool {
	return s.Second > 0 && s.draw("second", recordingID) < s.Second
}

// draw is a number from 0 to below 1 that is as good as chance to whoever has no key.
func (s Sampling) draw(purpose, recordingID string) float64 {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte(purpose + "|" + recordingID))
	const bits = 53 // that a float64 holds
	return float64(binary.BigEndian.Uint64(h.Sum(nil))>>(64-bits)) / (1 << bits)
}

// Lot is by what a candidate is chosen.
type Lot struct {
	// Day and DayBefore are written 2026-03-02.
	Day, DayBefore string
	Share          float64
	PerDay         int
	// Draw is the recording's number, from 0 to below 1.
	Draw float64
}

// BlindDay counts a day's calls among which samples are chosen.
type BlindDay struct {
	// Skipped are answered calls without a suspect that came before the first that could be
	// chosen. Eligible are those among which was chosen, Expected of them chance chooses, and
	// Samples were.
	Skipped, Eligible, Samples int
	Expected                   float64
	// Suspects were found among the same calls.
	Suspects int
}

// Frame is what a lot is drawn by, beside the lot itself.
type Frame struct {
	// Skipped are those of all days.
	Skipped       int
	Today, Before BlindDay
}

// Drawn draws the lot of a candidate that was judged for the first time: kept is false where
// nobody is to look at it. today is how the day stands after it.
//
// The first calls of all, on average as many as come before a sample, are left out, so that who
// only tries Refrain sees none.
func (s Suspect) Drawn(f Frame) (now Suspect, kept bool, today BlindDay) {
	l, today := s.Lot, f.Today
	s.Lot = nil
	begun := float64(f.Skipped) >= math.Ceil(1/l.Share)-1
	switch {
	case s.Kind == Sample && !begun:
		today.Skipped++
		return s, false, today
	case s.Kind == Sample:
		share := l.share(f.Before)
		today.Eligible++
		if today.Samples >= l.PerDay {
			return s, false, today
		}
		today.Expected += share
		if l.Draw >= share {
			return s, false, today
		}
		today.Samples++
		s.Day = l.Day
	case begun:
		today.Suspects++
		s.Day, s.Blind = l.Day, l.Draw < l.hides(today, f.Before)
	}
	return s, true, today
}

// share is the share in force: less than what is asked for where so many calls as on the day
// before would use up the day's samples before it ends.
func (l Lot) share(before BlindDay) float64 {
	if before.Eligible == 0 {
		return l.Share
	}
	return min(l.Share, float64(l.PerDay)/float64(before.Eligible))
}

// mostHidden is the largest share of suspects whose hits are hidden, unless more calls are samples.
const mostHidden = 0.5

// hides is the share of suspects that look like samples, so that there are about as many of the one
// as of the other and nobody can tell them apart: no less than the share of calls that are samples,
// since before the first of these nothing else is known.
func (l Lot) hides(today, before BlindDay) float64 {
	expected := today.Expected + before.Expected
	return min(max(expected/float64(today.Suspects+before.Suspects), l.Share), max(mostHidden, l.Share))
}
