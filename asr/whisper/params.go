package whisper

import (
	"fmt"
	"time"

	binding "github.com/ggerganov/whisper.cpp/bindings/go"
)

const (
	// slot is the time that one position of the encoder stands for.
	slot = 20 * time.Millisecond
	// slotStep: with flash attention whisper.cpp attends to the context rounded up
	// to this many slots, so only its multiples mean what they say.
	slotStep = 256
	// fullSlots is the encoder's whole context, 30 s.
	fullSlots = 1500
	// maxWindow is the most that a model hears at once.
	maxWindow = fullSlots * slot
	// fallbackStep is how much the temperature rises when a decoding fails the
	// usual tests; whisper.cpp's own default.
	fallbackStep = 0.2
)

// contextSlots turns a window's context into whisper.cpp's audio_ctx: slots, rounded
// up to a multiple of 256; 0 is all 1500.
func contextSlots(context time.Duration) int {
	if context <= 0 {
		return 0
	}
	slots := int((context + slot - 1) / slot)
	slots = (slots + slotStep - 1) / slotStep * slotStep
	if slots >= fullSlots {
		return 0
	}
	return slots
}

// decoding says how a window is to be decoded.
type decoding struct {
	Language string
	Threads  int
	Slots    int
	// Beams is how many hypotheses are followed side by side, at most 8; 0 is greedy.
	Beams int
	// Fallback lets a failed decoding be tried again at a higher temperature.
	Fallback bool
}

// params are greedy, at temperature 0, without any text before: neither a prompt nor
// what was heard earlier, also not earlier in the same window.
func (d decoding) params() (binding.Params, error) {
	// The context only serves callbacks, which the shim replaces.
	strategy := binding.SAMPLING_GREEDY
	if d.Beams > 0 {
		strategy = binding.SAMPLING_BEAM_SEARCH
	}
	p := (*binding.Context)(nil).Whisper_full_default_params(strategy)
	lang := languageID(d.Language)
	if lang < 0 {
		return p, fmt.Errorf("whisper: unknown language %q: give an ISO 639-1 code such as zh",
			d.Language)
	}
	if err := p.SetLanguage(lang); err != nil {
		return p, fmt.Errorf("whisper: language %q: %w", d.Language, err)
	}
	if d.Beams > 0 {
		p.SetBeamSize(d.Beams)
	}
	p.SetThreads(d.Threads)
	p.SetAudioCtx(d.Slots)
	p.SetTranslate(false)
	p.SetNoContext(true)
	p.SetMaxContext(0)
	p.SetTokenTimestamps(true)
	p.SetTemperature(0)
	p.SetTemperatureFallback(0)
	if d.Fallback {
		p.SetTemperatureFallback(fallbackStep)
	}
	p.SetPrintSpecial(false)
	p.SetPrintProgress(false)
	p.SetPrintRealtime(false)
	p.SetPrintTimestamps(false)
	return p, nil
}
