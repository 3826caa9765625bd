// Package lexicon is refrain lexicon: it shows, checks and activates what counts as a refusal,
// and judges past calls by another lexicon.
package lexicon
