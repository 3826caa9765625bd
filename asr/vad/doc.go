// Package vad finds the utterances on a track: the stretches in which somebody
// speaks.
//
// It is made for the telephone. Speech there may be 20 dB above the line's noise
// or 6, beside ring-back and key tones, hum, clicks and the perfect silence that
// recorders fill gaps with; and the reply that matters may be 250 ms long. A frame
// of 10 ms is loud when its energy in the telephone band stands clear of a noise
// floor that follows the track. Each run of loud frames is then asked for a
// voice: a pitch, and a spectrum that isn't one or two steady tones. Runs with a
// voice, close together, make an utterance.
//
// Where another judge of voices comes after it, it asks for none itself: AnySoundParams
// find all that is loud.
//
// It streams: audio goes in at SampleRate in blocks of any size, utterances come
// out some seconds later, and memory stays below a few megabytes. The same samples
// give the same utterances, however they are cut into blocks.
package vad
