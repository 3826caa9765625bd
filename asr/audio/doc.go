// Package audio reads what call recorders really write and turns one side of it
// into the 16 kHz samples that recognition hears.
//
// Everything is a stream: a recording is read once, from front to back, in memory
// that doesn't depend on its length. Headers are believed only as far as the bytes
// bear them out, because recorders crash, stream, and patch their headers late. A
// recording that ends early is a recording with less in it, not an error.
//
// WAV in its usual forms is read (PCM, float, A-law, mu-law; RIFF, RF64, BW64). Other formats
// that are recognised go through a Decoder, where Files has one; package audio/ffmpeg is one.
// Anything else is refused with an Error that names what the file looks like.
package audio
