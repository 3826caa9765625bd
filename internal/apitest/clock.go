package apitest

import (
	"sync/atomic"
	"time"
)

// TenOClock is a Monday at 10:00 in Beijing.
var TenOClock = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC)

// Clock is one that a test sets. It is safe for concurrent use; NewClock makes one.
type Clock struct{ unix atomic.Int64 }

// NewClock shows TenOClock.
func NewClock() *Clock {
	c := &Clock{}
	c.unix.Store(TenOClock.UnixMicro())
	return c
}

// Now is what the clock shows, in UTC.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.unix.Load()).UTC() }

// Later sets it forward, or back where d is negative.
func (c *Clock) Later(d time.Duration) { c.unix.Add(d.Microseconds()) }
