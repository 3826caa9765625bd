// Package figures says what happened in a stretch of time, beside the stretch before, and
// what was saved: from numbers that a store counts.
package figures
