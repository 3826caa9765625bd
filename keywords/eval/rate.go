package eval

import (
	"fmt"
	"math"
)

// Rate is how many of some were met.
type Rate struct{ Met, Of int }

// Add counts one more.
func (r *Rate) Add(met bool) {
	r.Of++
	if met {
		r.Met++
	}
}

// Share is the rate as a number from 0 to 1; 0 of none.
func (r Rate) Share() float64 {
	if r.Of == 0 {
		return 0
	}
	return float64(r.Met) / float64(r.Of)
}

// Bounds are where the true share lies with 95 % confidence, if all were drawn alike and one
// did not depend on another (Wilson's interval).
func (r Rate) Bounds() (low, high float64) {
	const z = 1.96
	if r.Of == 0 {
		return 0, 1
	}
	n, p := float64(r.Of), r.Share()
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	reach := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, middle-reach), min(1, middle+reach)
}

// PerMille is the rate for people, in thousandths.
func (r Rate) PerMille() string { return r.show(1000, "‰") }

// Percent is the rate for people, in hundredths.
func (r Rate) Percent() string { return r.show(100, "%") }

func (r Rate) show(scale float64, unit string) string {
	low, high := r.Bounds()
	return fmt.Sprintf("%.1f %s (%.1f to %.1f; %d of %d)", scale*r.Share(), unit, scale*low,
		scale*high, r.Met, r.Of)
}
