// Package recording is refrain recording: it shows recordings and how far they have come, and
// has those tried again that were given up.
package recording
