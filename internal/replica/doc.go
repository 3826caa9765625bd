// Package replica keeps what a gate knows of the server that it follows: in memory, where it answers from, and in
// a snapshot on disk, from which it starts while the server is gone.
package replica
