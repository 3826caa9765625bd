// Package batch is refrain batch: it hears whole archives without a server, and goes on where it
// was stopped.
package batch
