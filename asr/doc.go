// Package asr turns a track of a recording into a transcript.
//
// A track is one side of a recording. The pipeline finds the utterances on it
// (package vad), hands them window by window to a Transcriber, and gives back
// segments whose times are those of the recording, with all that later judging
// needs. It knows nothing of where audio lies or of what the words mean.
package asr
