// Package learn makes a correction of a lexicon from decisions on suspects: a short list of what
// false suspects have and true ones lack, or the other way round.
package learn
