package models

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// header of the official tiny model, as whisper.cpp prints it.
func tinyHeader() Header {
	return Header{
		Vocabulary: 51865, AudioContext: 1500, AudioState: 384, AudioHeads: 6, AudioLayers: 4,
		TextContext: 448, TextState: 384, TextHeads: 6, TextLayers: 4, Mels: 80, Format: 1,
	}
}

func (h Header) bytes(t testing.TB) []byte {
	t.Helper()
	b := bytes.NewBufferString("lmgg")
	require.NoError(t, binary.Write(b, binary.LittleEndian, h))
	return b.Bytes()
}

func write(t testing.TB, dir, name string, contents []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, contents, 0o600))
	return path
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}
