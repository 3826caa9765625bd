// Package demo is refrain demo: it shows the whole way from a recording to a refused call on
// sample calls, with a server of its own.
package demo
