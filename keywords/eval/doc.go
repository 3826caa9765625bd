// Package eval measures how well refusals are found in labelled utterances: precision,
// recall and F1, by class and by kind, beside plain lists of keywords.
package eval
