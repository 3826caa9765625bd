package recording

import (
	"regexp"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
)

// The bounds of what a customer's track must be, in decibels below full scale where they
// are levels. Between them lies the silent customer, with whom nothing is wrong: lines
// and comfort noise are at -65 to -35.
const (
	// faintLevel and faintBelow: who speaks more quietly than both allow is not heard.
	faintLevel = -50
	faintBelow = 30
	// leastFaint is how much faint speech there must be to call it that.
	leastFaint = 600 * time.Millisecond
	// noiseShare of the time must be loud, over noiseLength at least.
	noiseShare  = 0.8
	noiseLength = 3 * time.Second
	// pitched is the share of the time for which music, which is no defect, has a pitch.
	pitched = 0.1
	// alone: the customer's track speaks for this share of the time, over aloneLength at
	// least, and the agent's for no more than aloneOther.
	alone       = 0.85
	aloneLength = 15 * time.Second
	aloneOther  = 300 * time.Millisecond
	// openerUntil is how long after the answer an agent opens the call.
	openerUntil = 20 * time.Second
)

// HeardDefects tells what is wrong with the sound of a recording whose customer was heard,
// with the answer at that offset. What can't be told is not said: a wrong alarm costs more
// than a missing one.
func HeardDefects(t asr.Transcript, answered time.Duration) Defects {
	if t.Sounds == nil {
		return 0
	}
	switch s, text := *t.Sounds, strings.TrimSpace(t.Text()); {
	case s.Customer.Length == 0:
	case faint(s, text):
		return Defects(0).Add(CustomerFaint)
	case s.Customer.Peak < asr.DeadLevel:
		return Defects(0).Add(CustomerDead)
	case text == "" && noisy(s.Customer):
		return Defects(0).Add(CustomerNoise)
	case swapped(s, t.Segments, answered):
		return Defects(0).Add(SidesSwapped)
	}
	return 0
}

// noisy reports that a track is loud all along, and no music.
func noisy(s asr.Sound) bool {
	return s.Loud >= noiseShare && s.Length >= noiseLength &&
		s.Talk.Seconds() < pitched*s.Length.Seconds()
}

// faint reports that there is a voice too quiet to be heard. Where the model made text of
// it, it must be far below the agent's, too.
func faint(s asr.Sounds, text string) bool {
	low := s.Aside.TalkLevel < faintLevel && s.Aside.Talk >= leastFaint
	if text == "" && s.Customer.Talk == 0 {
		return low
	}
	return low && s.Agent != nil && s.Agent.Talk > 0 &&
		s.Aside.TalkLevel < s.Agent.TalkLevel-faintBelow
}

// opener is how an agent begins, script how agents go on. A customer's switchboard may
// begin so, too, but goes on otherwise.
var (
	opener = regexp.MustCompile(`[您你]好[，,。 ]*(这里是|这边是|我是|我们|请问是|请问您|您对)`)
	script = regexp.MustCompile(`打扰|耽误您|占用您|[给向]您(介绍|打电话|来电|推荐)|` +
		`您(可以)?(先)?(考虑|了解)一下|我们(最近|推出|这边|公司)|您(需要|对).{0,8}(贷款|兴趣|吗)|` +
		`您听我说|听得到吗`)
	announcement = regexp.MustCompile(`您(所)?拨打|电话已|已关机|无法接通|正在通话|请稍后再拨|` +
		`留言|语音信箱|秘书|助理|机主|转接`)
)

// swapped reports that the agent speaks on the customer's track.
func swapped(s asr.Sounds, segments []asr.Segment, answered time.Duration) bool {
	if s.Agent == nil || s.Aside.Talk == 0 || s.Aside.Talk < s.Customer.Talk/2 { // an echo of the agent
		return false
	}
	var text strings.Builder // after the answer
	opens := false
	for _, x := range segments {
		if x.Start < answered || asr.IsEcho(x.AgentLikeness) {
			continue
		}
		said := x.Text
		if at := opener.FindStringIndex(said); at != nil && x.Start < answered+openerUntil && !opens {
			opens, said = true, said[at[1]:]
		}
		text.WriteString(said + "\n")
	}
	if announcement.MatchString(text.String()) {
		return false
	}
	return opens && script.MatchString(text.String()) || text.Len() > 0 && talksAlone(s)
}

// talksAlone reports that the customer's track speaks all the time and the agent's never.
func talksAlone(s asr.Sounds) bool {
	return s.Customer.Length >= aloneLength && s.Agent.Talk <= aloneOther &&
		s.Customer.Talk.Seconds() >= alone*s.Customer.Length.Seconds()
}

// FileDefects tells what is wrong with a file.
func FileDefects(i audio.Info) Defects {
	var s Defects
	if i.Unfinished() {
		s = s.Add(HeaderUnfinished)
	}
	if i.Truncated {
		s = s.Add(Truncated)
	}
	return s
}

const (
	// wholeShare is how much of the talk a recording must have, and leastMissing how much
	// must be missing to say so: recorders begin a little late.
	wholeShare   = 0.7
	leastMissing = 3 * time.Second
)

// shorter reports that the recording of a whole call lacks much of its talk. A part may
// well be shorter than the call.
func (r Recording) shorter() bool {
	if r.Talk == 0 || r.Part != "" {
		return false
	}
	length := r.Audio.Duration() - r.AnswerOffset
	return r.Talk-length >= leastMissing && length.Seconds() < wholeShare*r.Talk.Seconds()
}

// Defects tells all that is wrong with the recording, as far as it is known by now.
func (r Recording) Defects() Defects {
	s := r.Heard | FileDefects(r.Audio)
	if r.shorter() {
		s = s.Add(ShorterThanCall)
	}
	return s
}
