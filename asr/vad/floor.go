package vad

// The noise floor at a frame is the level that a tenth of the frames around it stay
// below. It looks ahead too, so that it is right from the first word on, and so
// that noise which begins with the answered call is known within a few seconds.
// Even fluent speech falls silent, between sounds, for more than a tenth of 8 s.
const (
	floorBehind = 500 // frames
	floorAhead  = 300
	floorShare  = 10 // one in ...
)

// noiseFloor counts the frames around the present by their level.
type noiseFloor struct {
	bins  [2*-quietest + 1]int // half a decibel each
	count int
}

func (f *noiseFloor) bin(level float32) int {
	return max(0, min(len(f.bins)-1, int(2*(level-quietest))))
}

func (f *noiseFloor) add(level float32) {
	f.bins[f.bin(level)]++
	f.count++
}

func (f *noiseFloor) remove(level float32) {
	f.bins[f.bin(level)]--
	f.count--
}

// level is the floor in decibels.
func (f *noiseFloor) level() float32 {
	below := 0
	for i, n := range &f.bins {
		if below += n; below*floorShare >= f.count {
			return quietest + float32(i)/2
		}
	}
	return 0
}
