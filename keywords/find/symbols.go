package find

// plane is by how many characters the table of symbols grows.
const plane = 0x10000

// symbols number characters, from 1 on, in the order in which they are met.
type symbols struct {
	of   []uint16 // by character, 0 for those that weren't met
	last uint16
}

// row is the symbols of the characters of text.
func (s *symbols) row(text string) []uint16 {
	row := make([]uint16, 0, len(text)/3)
	for _, r := range text {
		for int(r) >= len(s.of) {
			s.of = append(s.of, make([]uint16, plane)...)
		}
		if s.of[r] == 0 {
			s.last++
			s.of[r] = s.last
		}
		row = append(row, s.of[r])
	}
	return row
}
