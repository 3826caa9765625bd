// Package jobs runs in the background what an upload leaves to do: it carries a
// recording through speech recognition and the lexicon to a verdict, with River.
package jobs
