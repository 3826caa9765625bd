// Package datadir knows what makes a data directory: its lock, its key, what it says of
// itself, and whether the database in it is the one that belongs there.
package datadir
