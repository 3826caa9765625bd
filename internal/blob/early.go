package blob

import "os"

// earlyStep is after how many bytes the disk is set to work.
const earlyStep = 1 << 20

// earlyWriter writes to a file and has the disk begin at once, while more arrives:
// otherwise all of it would be waited for in the end.
type earlyWriter struct {
	file          *os.File
	written, sent int64
	// room is Dir.Room.
	room Room
}

// Write implements io.Writer.
func (w *earlyWriter) Write(p []byte) (int, error) {
	if w.room != nil {
		done, err := w.room(int64(len(p)))
		if err != nil {
			return 0, err
		}
		defer done()
	}
	n, err := w.file.Write(p)
	w.written += int64(n)
	if w.written-w.sent >= earlyStep {
		startWriteback(w.file, w.sent, w.written-w.sent)
		w.sent = w.written
	}
	return n, err
}
