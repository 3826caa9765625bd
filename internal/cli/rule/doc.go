// Package rule is refrain rule: it shows, checks, tests and activates the rules over how often
// a number is called.
package rule
