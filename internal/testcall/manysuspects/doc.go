// Command manysuspects multiplies the suspects in the data directory of a server that is not running, to measure
// with: the copies have numbers and recordings of their own, the audio and the words of the first.
package main
