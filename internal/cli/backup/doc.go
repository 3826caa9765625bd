// Package backup is refrain backup and refrain restore: copies of a data directory are made,
// checked and put back.
package backup
