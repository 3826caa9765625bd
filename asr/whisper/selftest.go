package whisper

/*
#include <stdlib.h>
#include "shim.h"
*/
import "C"

import (
	"fmt"
	"math"
	"unsafe"
)

// Version of the whisper.cpp that is loaded, such as "1.9.5".
func Version() string { return C.GoString(C.whisper_version()) }

// EngineName is what transcripts say of their recogniser, such as "whisper.cpp 1.9.5".
func EngineName() string { return "whisper.cpp " + Version() }

// languageID is whisper.cpp's number for an ISO 639-1 code, -1 if it has none.
func languageID(code string) int {
	c := C.CString(code)
	defer C.free(unsafe.Pointer(c))
	return int(C.whisper_lang_id(c))
}

// SelfTest proves, in well under a millisecond and without a model, that the
// whisper.cpp that is loaded is the one this program was compiled for: its defaults,
// read through the compiled structures, must be the known ones from first member to
// last, and it must know Chinese. A library that moved a member fails here and not
// in the middle of a recording.
func SelfTest() error {
	if Version() == "" {
		return misfit("it does not tell its version")
	}
	for _, check := range defaults() {
		if check.got != check.want {
			return misfit(fmt.Sprintf("%s is %v, not %v", check.name, check.got, check.want))
		}
	}
	return nil
}

func misfit(why string) error {
	return fmt.Errorf("whisper: the loaded whisper.cpp %q does not fit this program: %s; "+
		"build refrain again against this library (make deps build)", Version(), why)
}

type defaultCheck struct {
	name      string
	got, want float64
}

// defaults are whisper.cpp's documented defaults, in the order of the structures.
func defaults() []defaultCheck {
	greedy := C.whisper_full_default_params(C.WHISPER_SAMPLING_GREEDY)
	beam := C.whisper_full_default_params(C.WHISPER_SAMPLING_BEAM_SEARCH)
	load := C.whisper_context_default_params()
	return []defaultCheck{
		{"the strategy", float64(beam.strategy), C.WHISPER_SAMPLING_BEAM_SEARCH},
		{"n_max_text_ctx", float64(greedy.n_max_text_ctx), 16384},
		{"no_context", number(bool(greedy.no_context)), 1},
		{"suppress_blank", number(bool(greedy.suppress_blank)), 1},
		{"thold_pt", round(greedy.thold_pt), 0.01},
		{"audio_ctx", float64(greedy.audio_ctx), 0},
		{"the language", float64(C.whisper_lang_id(greedy.language)), 0},
		{"max_initial_ts", round(greedy.max_initial_ts), 1},
		{"temperature_inc", round(greedy.temperature_inc), 0.2},
		{"entropy_thold", round(greedy.entropy_thold), 2.4},
		{"logprob_thold", round(greedy.logprob_thold), -1},
		{"no_speech_thold", round(greedy.no_speech_thold), 0.6},
		{"greedy.best_of", float64(greedy.greedy.best_of), 5},
		{"beam_search.beam_size", float64(beam.beam_search.beam_size), 5},
		{"grammar_penalty", round(greedy.grammar_penalty), 100},
		{"vad_params.threshold", round(greedy.vad_params.threshold), 0.5},
		{"vad_params.samples_overlap", round(greedy.vad_params.samples_overlap), 0.1},
		{"use_gpu", number(bool(load.use_gpu)), 1},
		{"dtw_n_top", float64(load.dtw_n_top), -1},
		{"the number of Chinese", float64(languageID("zh")), 1},
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// round takes away what a float32 adds to a decimal.
func round(f C.float) float64 { return math.Round(float64(f)*1e4) / 1e4 }
