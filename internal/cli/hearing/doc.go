// Package hearing hears and judges recordings on this machine, for the commands that do so
// without a server.
package hearing
