package grpcapi

import (
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Pace counts how fast recordings are heard, by the minute. It is safe for concurrent use; the zero Pace has
// counted nothing.
type Pace struct {
	mu  sync.Mutex
	all spoken
	// minutes are the last hour's, each at its place in the hour.
	minutes [60]struct {
		at int64 // since 1970
		spoken
	}
}

// spoken is how long recordings are together, and how long hearing them took.
type spoken struct{ audio, took time.Duration }

func (s *spoken) add(more spoken) { s.audio, s.took = s.audio+more.audio, s.took+more.took }

// Heard counts a recording that was heard at a time.
func (p *Pace) Heard(at time.Time, audio, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all.add(spoken{audio, took})
	minute := at.Unix() / 60
	m := &p.minutes[minute%60]
	if m.at != minute {
		m.at, m.spoken = minute, spoken{}
	}
	m.add(spoken{audio, took})
}

// lastHour is what was heard since the minute began that was there 59 minutes ago.
func (p *Pace) lastHour(now time.Time) (hour, all spoken, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := now.Unix()/60 - 59
	for _, m := range &p.minutes {
		if m.at >= first {
			hour.add(m.spoken)
		}
	}
	return hour, p.all, time.Unix(first*60, 0)
}

func (p *Pace) toProto(started, now time.Time) *pb.GetStatusResponse_Speech {
	hour, all, since := p.lastHour(now)
	if started.After(since) {
		since = started
	}
	out := &pb.GetStatusResponse_Speech{HeardLastHour: durationpb.New(hour.audio), Heard: durationpb.New(all.audio),
		SpeedLastHour: per(hour.audio, now.Sub(since)), Speed: per(all.audio, now.Sub(started))}
	switch {
	case hour.audio > 0:
		out.RealTimeFactor = new(per(hour.took, hour.audio))
	case all.audio > 0:
		out.RealTimeFactor = new(per(all.took, all.audio))
	}
	return out
}

// per is how much of the one there is for the other, 0 where there is none of that.
func per(some, of time.Duration) float64 {
	if of <= 0 {
		return 0
	}
	return some.Seconds() / of.Seconds()
}
