package whisper

/*
#include "silero.h"
*/
import "C"

import (
	_ "embed"
	"errors"
	"slices"
	"unsafe"
)

// sileroModel is Silero VAD 6.2.0 in the form of whisper.cpp.
//
//go:embed ggml-silero-v6.2.0.bin
var sileroModel []byte

// sileroName is what a transcript says that told its voices.
const sileroName = "silero-vad 6.2.0"

// silero tells how likely it is that somebody speaks. Like a recogniser's state it belongs in
// a child process, and to one thread.
type silero struct{ ctx *C.struct_whisper_vad_context }

func newSilero() (silero, error) {
	s := silero{C.refrain_silero_load(unsafe.Pointer(&sileroModel[0]), C.size_t(len(sileroModel)))}
	if s.ctx == nil {
		return s, errors.New("whisper: libwhisper refused its voice detector's model")
	}
	return s, nil
}

func (s silero) close() { C.whisper_vad_free(s.ctx) }

// probabilities are those, 0..1, that somebody speaks, one each asr.VoiceStep from the first
// sample on. What was heard before doesn't matter.
func (s silero) probabilities(samples []float32) ([]float32, error) {
	if len(samples) == 0 {
		return nil, nil
	}
	if !C.whisper_vad_detect_speech(s.ctx, (*C.float)(&samples[0]), C.int(len(samples))) {
		return nil, errors.New("whisper: libwhisper's voice detector failed")
	}
	n := int(C.whisper_vad_n_probs(s.ctx))
	return slices.Clone(unsafe.Slice((*float32)(C.whisper_vad_probs(s.ctx)), n)), nil
}
