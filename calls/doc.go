// Package calls counts calls: what a call is and how it ended, the rules over how
// often a number may be called, and what of them follows for a number.
//
// Everything here is computed from the calls themselves, so the order and the
// repetition of their reports make no difference.
package calls
