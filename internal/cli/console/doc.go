// Package console is what a command sees of the outside world: standard input and output,
// the environment, the clock, progress bars and exit codes.
package console
