// Package training makes the model of package learned from labelled utterances, and
// measures it on utterances that it wasn't made from.
package training
