// Package asr turns a track of a recording into a transcript.
//
// A track is one side of a recording. Hear reads it (package audio), finds the
// utterances on it (package vad), hands them window by window to the Transcriber of an
// Engine, and gives back segments whose times are those of the recording, with all that
// later judging needs. It knows nothing of which engine that is, where audio lies or
// what the words mean.
package asr
