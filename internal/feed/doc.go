// Package feed tells what transactions changed, in the order of their commits, so that
// whoever keeps a copy (the gate's table, those who watch a recording, counters) follows.
package feed
