package vad

import (
	"math/rand/v2"
	"testing"
)

// Whatever is pushed in whatever blocks, an utterance finds its samples still there.
// A burst without a voice just before a word once reached behind what was kept.
func TestDetectorKeepsWhatUtterancesReachBackTo(t *testing.T) {
	t.Parallel()
	for seed := range uint64(21) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := New(DefaultParams())
		for range 60 {
			block := make([]float32, 1000+r.IntN(16000))
			amp, period := float32(r.Float64()*0.3), 60+r.IntN(120)
			for i := range block {
				switch seed % 3 {
				case 0: // buzzes with pauses, and noise bursts
					block[i] = amp * (float32(i%period)/float32(period) - 0.5)
				case 1:
					block[i] = amp * float32(r.NormFloat64())
				default:
					if third := i / 800 % 3; third == 0 {
						block[i] = amp * float32(r.NormFloat64())
					} else if third == 1 {
						block[i] = amp * (float32(i%period)/float32(period) - 0.5)
					}
				}
			}
			if r.IntN(3) == 0 {
				clear(block)
			}
			for _, u := range d.Push(block) {
				checkUtterance(t, u)
			}
		}
		for _, u := range d.Flush() {
			checkUtterance(t, u)
		}
	}
}

func checkUtterance(t *testing.T, u Utterance) {
	t.Helper()
	if u.From > u.Start || u.Start >= u.End || len(u.Samples) == 0 {
		t.Fatalf("utterance %v..%v from %v with %d samples", u.Start, u.End, u.From, len(u.Samples))
	}
}
