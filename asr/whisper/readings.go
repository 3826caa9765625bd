package whisper

/*
#include "shim.h"
*/
import "C"

import (
	"math"
	"strings"
	"unicode/utf8"
	"unsafe"

	binding "github.com/ggerganov/whisper.cpp/bindings/go"

	"github.com/refrain-asr/refrain/asr"
)

// readings are the texts of the run's endings, the likeliest first. Tokens that spell the same
// are one reading. There are none where what the decoder settled on isn't among them: then something
// about them is wrong, as where a text is too long to be noted.
func (r *recogniser) readings(run *C.refrain_run, settled []asr.Phrase) []asr.Reading {
	var list []asr.Reading
	best, known, total := joined(settled), false, 0.0
	for _, e := range unsafe.Slice(&run.endings.list[0], int(run.endings.n)) {
		text := r.spell(e.tokens[:e.n])
		if text == "" || !utf8.ValidString(text) {
			continue // it stops within a character
		}
		p := math.Exp(float64(e.log_prob))
		list = append(list, asr.Reading{Text: text, Prob: p,
			MeanLogProb: float64(e.log_prob) / float64(e.n+1)})
		known = known || text == best
		total += p
	}
	if !known {
		return nil
	}
	for i := range list {
		list[i].Prob /= total
	}
	return asr.MergeReadings(list)
}

func (r *recogniser) spell(tokens []C.whisper_token) string {
	var text strings.Builder
	end := C.whisper_token_eot(r.ctx)
	for _, id := range tokens {
		if id < end {
			text.WriteString(r.binding().Whisper_token_to_str(binding.Token(id)))
		}
	}
	return strings.TrimSpace(text.String())
}

// joined is the phrases' text, as the tokens spell it.
func joined(phrases []asr.Phrase) string {
	var text strings.Builder
	for _, p := range phrases {
		for _, t := range p.Tokens {
			text.WriteString(t.Text)
		}
	}
	return strings.TrimSpace(text.String())
}
