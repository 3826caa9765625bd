// Package certs keeps a server's certificates as they are in their files, and makes those of a
// private network: an authority of its own, and what it signs for servers and clients.
package certs
