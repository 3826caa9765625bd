// Package blob keeps audio in files: one for each recording, known by the recording's
// id, complete and durable or not there at all.
package blob
