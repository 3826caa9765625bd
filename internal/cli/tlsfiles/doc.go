// Package tlsfiles is refrain tls: it makes the certificates of a private network.
package tlsfiles
