// Package call is refrain call: it reports calls to a server, one by one or from a file, and
// shows what the server knows of them.
package call
