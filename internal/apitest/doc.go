// Package apitest is what tests of the API share: its clients, calls to report, a clock
// that a test sets, a log that it reads, and an engine that hears nothing twice.
package apitest
