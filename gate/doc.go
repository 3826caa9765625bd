// Package gate answers "may I call this number?".
//
// It answers from a table in memory of the standing freezes, the allow list and what
// rules deny, which whoever owns it keeps up to date: what was acknowledged as frozen is
// refused from that moment on. For other moments it answers from all that is stored.
package gate
