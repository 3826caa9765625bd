// Package visible shows characters that can't be seen: those that steer a terminal, and those that
// turn the direction of writing. Names and words from outside may hold any.
package visible
