// Package echo tells how much of what is heard on the customer's track is the agent: a
// telephone on loudspeaker gives the agent back, later and fainter.
//
// A Finder takes the agent's track in, and traces each utterance of the customer's track.
// It looks for the delay (generalised cross-correlation with phase transform), learns
// the way that the echo takes as a transfer function, and asks, every 64 ms, how much of the
// sound the agent's, sent that way, explains. What it leaves is somebody else's.
package echo
