// Package status is refrain status: it shows how a server is and what it has to do.
package status
