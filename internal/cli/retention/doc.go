// Package retention is refrain retention: for how long what is kept, and erasing what is over.
package retention
