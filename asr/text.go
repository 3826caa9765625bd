package asr

import (
	"math"
	"strings"
)

func confidence(meanLogProb float64) float64 {
	return min(1, math.Exp(meanLogProb))
}

func joinTexts(segments []Segment) string {
	texts := make([]string, len(segments))
	for i, s := range segments {
		texts[i] = s.Text
	}
	return strings.Join(texts, " ")
}
