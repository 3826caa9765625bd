// Package testcall makes calls for tests and benchmarks: dual-track recordings in
// which agent and customer take turns, joined from the evaluation set's utterances.
package testcall
