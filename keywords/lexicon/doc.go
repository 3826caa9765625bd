// Package lexicon reads the YAML in which a call centre writes what counts as a
// refusal: classes with their phrases, weights and freeze periods, and the vetoes.
// It knows the file and its rules; package keywords does the matching.
package lexicon
