// Package match is refrain match: it judges lines of text as if a customer had said them.
package match
