// Package apitest is what tests of the API share: its clients, calls to report, a clock
// that a test sets and a log that it reads.
package apitest
