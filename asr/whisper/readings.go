package whisper

/*
#include "shim.h"
*/
import "C"

import (
	"cmp"
	"math"
	"slices"
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
	places := map[string]int{}
	total := 0.0
	for _, e := range unsafe.Slice(&run.endings.list[0], int(run.endings.n)) {
		text := r.spell(e.tokens[:e.n])
		if text == "" || !utf8.ValidString(text) {
			continue // it stops within a character
		}
		p, mean := math.Exp(float64(e.log_prob)), float64(e.log_prob)/float64(e.n+1)
		at, known := places[text]
		if !known {
			at = len(list)
			places[text] = at
			list = append(list, asr.Reading{Text: text, MeanLogProb: mean})
		}
		list[at].Prob += p
		list[at].MeanLogProb = max(list[at].MeanLogProb, mean)
		total += p
	}
	if _, known := places[joined(settled)]; !known {
		return nil
	}
	for i := range list {
		list[i].Prob /= total
	}
	slices.SortFunc(list, func(a, b asr.Reading) int {
		return cmp.Or(cmp.Compare(b.Prob, a.Prob), strings.Compare(a.Text, b.Text))
	})
	return list
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
