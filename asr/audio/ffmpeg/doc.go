// Package ffmpeg decodes recordings with the ffmpeg program, for package audio.
//
// Recordings come from outside, and ffmpeg's decoders are many and old. So it runs as a
// child with limits: on memory and processor time, on how long it may keep silent; it
// writes no files and reaches no network. It is told what a file is instead of guessing,
// since among the formats that it guesses are lists of other files, which it would open.
package ffmpeg
