package echo

// halfBand are the taps, at odd distances from the middle one, of a low pass at half the
// band: a windowed sinc of 15 taps.
var halfBand = [...]float64{0.3115, -0.0850, 0.0285, -0.0060}

// pair is an agent's and a customer's track at rate. The agent's begins latest samples
// earlier and ends -earliest later, so that all delays can be tried.
type pair struct {
	agent, customer []float64
	loud            float64 // the mean square from which on the agent speaks
}

// speaks reports whether the agent may be heard in the size samples from at of its track.
func (p pair) speaks(at, size int) bool {
	from, to := min(max(0, at), len(p.agent)), min(max(0, at+size), len(p.agent))
	return meanSquare(p.agent[from:to])*float64(to-from) > p.loud*block/4
}

// narrow brings x to half its rate, without delay.
func narrow(x []float32) []float64 {
	const reach = 2*len(halfBand) - 1
	out := make([]float64, len(x)/2)
	padded := make([]float64, len(x)+2*reach)
	for i, v := range x {
		padded[reach+i] = float64(v)
	}
	for i := range out {
		at := padded[2*i : 2*i+2*reach+1]
		sum := 0.5 * at[reach]
		for k, tap := range halfBand {
			sum += tap * (at[reach-2*k-1] + at[reach+2*k+1])
		}
		out[i] = sum
	}
	return out
}
