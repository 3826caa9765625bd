package files

import (
	"bufio"
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

// Lines come back as they were written, whatever is in them.
func FuzzReadLine(f *testing.F) {
	f.Add([]byte("a\r\n\nb"))
	f.Add([]byte("\xff\r\r\n\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		in := bufio.NewReaderSize(bytes.NewReader(text), 16)
		for line := range bytes.Lines(text) {
			got, err := ReadLine(in)
			require.NoError(t, err)
			require.Equal(t, string(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")),
				[]byte("\r"))), got)
		}
		_, err := ReadLine(in)
		require.ErrorIs(t, err, io.EOF)
	})
}
