// Package gate answers "may I call this number?".
//
// It answers from a table of the standing freezes in memory, which the store keeps
// up to date: what was acknowledged as frozen is refused from that moment on.
package gate
