// Package jobs runs in the background what an upload leaves to do: it carries a
// recording through speech recognition and the lexicon to a verdict.
//
// A recording owns its state: when it is due, how often it is tried, and when it is
// given up on is decided by package recording and kept with the recording. River only
// wakes: one of its jobs says that an attempt at a recording is due, is added in the
// transaction that makes it so, and is done once it was heard of. So a job that comes
// twice, late or not at all does no harm that the next start would not mend.
package jobs
