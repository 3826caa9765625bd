package audio

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// maxChannels is the most channels that a file may have of which all but two are silent.
const maxChannels = 16

// soundFrom is the mean square of a block, -60 dBFS, from which a channel carries sound.
const soundFrom = 1e-6

// pickSides finds the two channels of a recording of more that carry sound, by reading it
// to its end. Recorders leave a pair for each pair of parties, so one channel that sounds
// alone is taken with its neighbour: the other side said nothing. Which of the two is the
// customer is as for two channels.
func pickSides(r *Reader) ([]int, error) {
	sounds, err := r.sounding()
	if err != nil {
		return nil, err
	}
	switch {
	case len(sounds) == 0:
		return []int{0, 1}, nil
	case len(sounds) == 1 && sounds[0]|1 < r.channels:
		return []int{sounds[0] &^ 1, sounds[0] | 1}, nil
	case len(sounds) == 2:
		return sounds, nil
	}
	names := make([]string, len(sounds))
	for i, c := range sounds {
		names[i] = fmt.Sprintf("c%d", c)
	}
	return nil, refuse(BadChannels, "the recording has %d channels, of which %s carry sound: send "+
		"the two that are agent and customer, such as c0 and c1: ffmpeg -i FILE -af "+
		"'pan=stereo|c0=c0|c1=c1' FILE.wav   (or: sox FILE out.wav remix 1 2)", r.channels,
		strings.Join(names, ", "))
}

// sounding reads to the end which channels carry sound.
func (r *Reader) sounding() (sounds []int, err error) {
	loudest := make([]float64, r.channels)
	block := make([][]float32, r.channels)
	for c := range block {
		block[c] = make([]float32, len(r.buf)/r.frame())
	}
	for {
		n, err := r.Read(block)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		for c, b := range block {
			loudest[c] = math.Max(loudest[c], variance(b[:n]))
		}
	}
	for c, power := range loudest {
		if power >= soundFrom {
			sounds = append(sounds, c)
		}
	}
	return sounds, nil
}

// variance is the mean square of samples without their constant offset.
func variance(v []float32) float64 {
	sum, squares := 0.0, 0.0
	for _, x := range v {
		sum += float64(x)
		squares += float64(x) * float64(x)
	}
	n := float64(len(v))
	return squares/n - sum/n*sum/n
}
