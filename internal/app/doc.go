// Package app puts Refrain's parts together into a server. It is the only place that
// knows all of them.
package app
