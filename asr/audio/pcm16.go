package audio

// PCM16 is a WAV file of mono samples at TrackRate, as 16-bit PCM. Samples beyond -1..1 are
// cut off there.
func PCM16(samples []float32) []byte {
	const bytesEach = 2
	file := pcm16Header(1, TrackRate, bytesEach*len(samples))
	return interleave(file, [][]float32{samples}, len(samples))
}
