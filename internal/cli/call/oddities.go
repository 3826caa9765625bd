package call

import (
	"fmt"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/when"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// Nobody calls customers at night, and few calls are so long: what a file has more of is
// the sign of another zone, or of milliseconds.
const (
	nightBegins = 22 // o'clock
	nightEnds   = 6
	// nightShare is one in so many calls.
	nightShare = 20
	longTalk   = 1000 * time.Second
	// veryLong is odd also where there are few calls.
	veryLong = 3 * time.Hour
	fewTalks = 3
)

// oddities counts what looks odd about the calls of a file.
type oddities struct {
	// mark is how the zone of the last call's start was told.
	mark              when.Mark
	calls, night, utc int
	talks, long, very int
}

func (o *oddities) add(c *pb.Call) {
	o.calls++
	// Whoever writes another offset than none knows where the call was.
	if o.mark != when.Offset && atNight(c.GetStartTime().AsTime()) {
		o.night++
		if o.mark == when.UTC {
			o.utc++
		}
	}
	talk := c.GetTalk().AsDuration()
	if talk > 0 {
		o.talks++
	}
	if talk >= longTalk {
		o.long++
	}
	if talk >= veryLong {
		o.very++
	}
}

// atNight tells of a time that is one in the zone of the rules.
func atNight(t time.Time) bool {
	zone, err := when.Zone("")
	if err != nil {
		return false // nobody can say
	}
	hour := t.In(zone).Hour()
	return hour < nightEnds || hour >= nightBegins
}

// hints say what may be wrong with the whole file; what was taken stays taken.
func (in *importing) hints() []string {
	var all []string
	o := &in.odd
	if o.night*nightShare >= o.calls && o.night > 0 {
		all = append(all, o.nightHint())
	}
	if o.long == o.talks && o.talks >= fewTalks || o.very*2 > o.talks {
		all = append(all, fmt.Sprintf("%d of the %d calls that have a talk time talked for more "+
			"than %d s: are these milliseconds? If they are, import the file again with --map "+
			"%s=%q, and --revision 2 to correct what was taken", o.long, o.talks,
			int(longTalk.Seconds()), milliseconds, in.talk))
	}
	return all
}

func (o *oddities) nightHint() string {
	text := fmt.Sprintf("%d of %d calls begin between 22:00 and 06:00 in %s", o.night, o.calls,
		when.DefaultZone)
	if o.utc*2 >= o.night {
		return text + ": these look like local times marked as UTC. If they are, import the file " +
			"again with --ignore-zone (and --zone, where they are not " + when.DefaultZone +
			"'s), and --revision 2 to correct what was taken"
	}
	return text + ": is their time zone right? If not, import the file again with --zone, and " +
		"--revision 2 to correct what was taken"
}
