// Package measure counts in which labelled and which ordinary lines the phrases of a lexicon
// are hit, so that what a phrase weighs is measured and not guessed.
package measure
