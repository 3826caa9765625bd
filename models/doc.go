// Package models knows the Whisper models that Refrain can run: the two that it carries
// inside, the official ones that can be downloaded, and files of one's own.
//
// Resolve turns what a user typed into a file for whisper.cpp and the asr.Model that
// says how to feed it. Download fetches an official model, going on where a broken
// download stopped; Verify tells what is wrong with a file.
//
// Inside are the default, OpenAI's Whisper base, and the demo model, which is for trying
// and testing: README.md is its card, training/ its recipe, eval/ a set of recordings to
// measure it with.
package models
