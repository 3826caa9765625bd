package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/refrain-asr/refrain/internal/testcall"
)

// plan is what calls to make.
type plan struct {
	dir                 string
	calls               int
	seed                uint64
	least, median, most time.Duration
	links               int
}

func main() {
	var p plan
	flag.StringVar(&p.dir, "dir", "", "folder to write to")
	flag.IntVar(&p.calls, "calls", 10, "how many calls")
	flag.Uint64Var(&p.seed, "seed", 1, "the same seed makes the same calls")
	flag.DurationVar(&p.least, "least", 15*time.Second, "the shortest call")
	flag.DurationVar(&p.median, "median", time.Minute, "the call that half of them are shorter than")
	flag.DurationVar(&p.most, "most", 5*time.Minute, "the longest call")
	flag.IntVar(&p.links, "links", 1, "how many names each call gets")
	flag.Parse()
	if err := p.make(os.Stderr); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "makecalls:", err)
		os.Exit(1)
	}
}

func (p plan) make(told io.Writer) error {
	if err := os.MkdirAll(p.dir, 0o750); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(p.seed, 0xca11))
	var total time.Duration
	for i := range p.calls {
		length := p.length(r)
		total += length * time.Duration(p.links)
		wav, err := testcall.Make(p.seed<<32+uint64(i), length)
		if err != nil {
			return err
		}
		if err := p.write(i, wav); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(told, "%d calls, %.2f hours\n", p.calls*p.links, total.Hours())
	return err
}

// spread is how much calls differ in length: by that factor, for two in three of them.
const spread = 2

func (p plan) length(r *rand.Rand) time.Duration {
	d := time.Duration(float64(p.median) * math.Pow(spread, r.NormFloat64()))
	return min(p.most, max(p.least, d)).Round(time.Millisecond)
}

// write writes a call under all of its names.
func (p plan) write(i int, wav []byte) error {
	first := p.name(i, 0)
	if err := os.WriteFile(first, wav, 0o600); err != nil {
		return err
	}
	for n := 1; n < p.links; n++ {
		if err := os.Link(first, p.name(i, n)); err != nil {
			return err
		}
	}
	return nil
}

func (p plan) name(i, link int) string {
	at := time.Date(2026, 11, 27, 9, 0, i, 0, time.UTC)
	return filepath.Join(p.dir, fmt.Sprintf("out-138%08d-8%03d-%s-%d.%d.wav", i%1e8, i%100, at.Format("20060102-150405"),
		at.Unix(), i*p.links+link))
}
