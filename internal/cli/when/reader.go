package when

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // zones must have their names where a machine has none installed

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// DefaultZone is the zone of the rules that the program brings along, in which times
// without one are read.
const DefaultZone = "Asia/Shanghai"

var offsetZone = regexp.MustCompile(`^(?:UTC|GMT)?([+-]\d{1,2})(?::?(\d{2}))?$`)

// Zone finds a zone by its name, such as Asia/Shanghai, or its distance from UTC, such as
// +08:00. "" is the default. Its errors follow the name and the value.
func Zone(text string) (*time.Location, error) {
	if text == "" {
		text = DefaultZone
	}
	if m := offsetZone.FindStringSubmatch(text); m != nil {
		var c clock
		if err := c.readZone(text); err != nil {
			return nil, err
		}
		return time.FixedZone(text, c.offset), nil
	}
	zone, err := time.LoadLocation(text)
	if err != nil || strings.EqualFold(text, "local") { // which is another one elsewhere
		return nil, errors.New("must be a time zone, such as Asia/Shanghai or +08:00")
	}
	return zone, nil
}

// Reader reads the times of a file, and notes how they gave their zones.
type Reader struct {
	// Zone is the one of times that name none; nil for the default.
	Zone *time.Location
	// Ignore reads all times of day in Zone, whatever zone they name.
	Ignore bool
	// Read counts the times that were read, by their marks.
	Read [Epoch + 1]int

	zone string // as it was typed
}

// Flags adds --zone and --ignore-zone.
func (r *Reader) Flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.zone, "zone", "", "the `zone` of times that name none, such as "+
		"Asia/Shanghai or +08:00 (default "+DefaultZone+")")
	cmd.Flags().BoolVar(&r.Ignore, "ignore-zone", false, "read times of day as those of --zone, "+
		"whatever zone they name: for local times marked as UTC")
}

// Open reads the flags. Its error is about --zone.
func (r *Reader) Open() error {
	zone, err := Zone(r.zone)
	if err != nil {
		return fmt.Errorf("--zone %q %w", r.zone, err)
	}
	r.Zone = zone
	return nil
}

// Parse reads a time with a time of day.
func (r *Reader) Parse(text string) (Moment, error) { return r.by(Read, text) }

// Timestamp is Parse, for messages.
func (r *Reader) Timestamp(text string) (*timestamppb.Timestamp, error) {
	m, err := r.Parse(text)
	if err != nil {
		return nil, err
	}
	return timestamppb.New(m.Time), nil
}

// DayStart reads a time, or a date for its beginning.
func (r *Reader) DayStart(text string) (Moment, error) { return r.by(DayStart, text) }

// DayEnd reads a time, or a date for its end.
func (r *Reader) DayEnd(text string) (Moment, error) { return r.by(DayEnd, text) }

func (r *Reader) by(
	read func(string, *time.Location) (Moment, error), text string,
) (Moment, error) {
	zone, err := r.inUse()
	if err != nil {
		return Moment{}, err
	}
	m, err := read(text, zone)
	if err != nil {
		return m, err
	}
	r.Read[m.Mark]++
	if r.Ignore && (m.Mark == UTC || m.Mark == Offset) {
		y, month, d := m.Date()
		m.Time = time.Date(y, month, d, m.Hour(), m.Minute(), m.Second(), m.Nanosecond(), zone)
	}
	return m, nil
}

func (r *Reader) inUse() (*time.Location, error) {
	if r.Zone != nil {
		return r.Zone, nil
	}
	return Zone("")
}

// Note says which zone was taken for times that name none; "" where there were none, or
// somebody said which.
func (r *Reader) Note() string {
	if r.Read[Local] == 0 || r.zone != "" {
		return ""
	}
	return "times without a zone were read as those of " + DefaultZone + "; --zone names another"
}
