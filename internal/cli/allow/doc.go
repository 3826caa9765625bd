// Package allow is refrain allow: the list of numbers that may be called in spite of freezes
// and rules.
package allow
