package asr

import "context"

// mostBrief, in samples, leaves silence behind the last word, without which it gets lost.
const mostBrief = 14 * SampleRate

// brief is a Transcriber that hears windows which are half empty in half of the time: what a
// customer says is worth the whole, what the agent asked is not.
type brief struct{ Transcriber }

// Transcribe implements Transcriber.
func (b brief) Transcribe(ctx context.Context, w Window) ([]Phrase, error) {
	if w.Context == 0 && len(w.Samples) <= mostBrief {
		w.Context = HalfContext
	}
	return b.Transcriber.Transcribe(ctx, w)
}
