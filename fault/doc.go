// Package fault is how Refrain's parts say what went wrong: an error with its
// operation, kind and subject, which becomes a status code in one place.
package fault
