// Package transcribe is refrain transcribe: it transcribes and judges recordings on this
// machine, without a server.
package transcribe
