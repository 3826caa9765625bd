// Package serve is refrain serve: it starts a server by a configuration file, the environment
// and flags.
package serve
