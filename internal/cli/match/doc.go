// Package match is refrain match: it judges lines of text as if a customer had said them, and tables of texts
// that were transcribed elsewhere.
package match
