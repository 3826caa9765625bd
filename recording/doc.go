// Package recording takes recordings in: what may come in, what is known of it, and
// how far it has come on its way to a verdict.
package recording
