package number

import "time"

// Match is a number that was looked for by what somebody has of it.
type Match struct {
	Number Number
	// Name is that of something that has the number, such as recordings/{recording}.
	Name string
	// At is when that was.
	At time.Time
}
