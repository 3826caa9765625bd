// Package keywords reads a transcript and says where the customer refused.
//
// Text is normalised with a map back to the original characters; the lexicon's
// phrases are found on characters; a word-boundary guard, vetoes and a score turn
// matches into a Verdict. Every hit keeps the reason why it counts or does not.
package keywords
