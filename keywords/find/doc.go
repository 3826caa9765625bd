// Package find finds in normalised text where patterns stand, which words sound like
// others, and whether a place lies between words.
package find
