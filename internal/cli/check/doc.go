// Package check is refrain check: it asks whether numbers may be called, given one by one, on
// standard input or as a campaign list of millions.
package check
