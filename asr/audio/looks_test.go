package audio

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLooksLikeSound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, head string
		want       bool
	}{
		{"call.wav", "RIFF\x00\x00\x00\x00WAVEfmt ", true},
		{"call", "RIFF\x00\x00\x00\x00WAVEfmt ", true},
		{"call.WAV", "", true},
		{"call.wav", "<html>not found</html>", true}, // a broken recording, which somebody must hear of
		{"call.alaw", "\xd5\xd5\xd5", true},
		{"1700000000.123", "OggS", true},
		{"call.bin", "ID3\x03\x00\x00\x00\x00\x00\x00", true},
		{"call.m4a", "\x00\x00\x00\x20ftypM4A ", true},
		{"notes.txt", "hello", false},
		{".DS_Store", "\x00\x00\x00\x01Bud1", false},
		{"photo.jpg", "\xff\xd8\xff\xe0", false},
		{"data.bin", "\xff\xfb\x90\x00", false}, // three bytes are too little of a sign
		{"calls.zip", "PK\x03\x04", false},
		{"empty", "", false},
	} {
		require.Equal(t, tt.want, LooksLikeSound(tt.name, []byte(tt.head)), tt.name)
	}
}
