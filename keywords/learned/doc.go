// Package learned weighs a passage of a transcript by thousands of labelled utterances:
// how much in it speaks for a refusal, and for which class of refusal.
//
// Its Model is a linear one over short runs of characters and of syllables. So each
// character has its share in the sum, and a person can be shown which words spoke for a
// refusal and which against. Package learned/training makes it.
package learned
