package models

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadHeader(t *testing.T) {
	t.Parallel()
	large := Header{51866, 1500, 1280, 20, 32, 448, 1280, 20, 32, 128, 2008}
	turbo := large
	turbo.TextLayers, turbo.Format = 4, 2007
	english := tinyHeader()
	english.Vocabulary = 51864
	odd := tinyHeader()
	odd.AudioState, odd.TextState, odd.Format = 390, 390, 99
	for name, c := range map[string]struct {
		header       Header
		kind, weight string
		multilingual bool
	}{
		"tiny":     {tinyHeader(), "tiny", "f16", true},
		"tiny.en":  {english, "tiny", "f16", false},
		"large-v3": {large, "large-v3", "q5_0", true},
		"turbo":    {turbo, "large-v3-turbo", "q8_0", true},
		"own":      {odd, "other", "format 99", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, err := readHeader(bytes.NewReader(c.header.bytes(t)))
			require.NoError(t, err)
			require.Equal(t, c.header, h)
			require.Equal(t, c.kind, h.Type())
			require.Equal(t, c.weight, h.Weights())
			require.Equal(t, c.multilingual, h.Multilingual())
		})
	}
}

func TestReadHeaderOfTheDemoModel(t *testing.T) {
	t.Parallel()
	h, err := readHeader(strings.NewReader(demoFile))
	require.NoError(t, err)
	require.Equal(t, Header{51865, 1500, 192, 3, 4, 256, 192, 3, 3, 80, 2009}, h)
	require.Equal(t, "other", h.Type())
	require.Equal(t, "q5_1", h.Weights())
	require.True(t, h.Multilingual())
}

func TestReadHeaderRefuses(t *testing.T) {
	t.Parallel()
	bad := func(change func(*Header)) []byte {
		h := tinyHeader()
		change(&h)
		return h.bytes(t)
	}
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"nothing":       {nil, "it is empty"},
		"three bytes":   {[]byte("lmg"), "cut short"},
		"half a header": {tinyHeader().bytes(t)[:20], "cut short"},
		"magic alone":   {[]byte("lmgg"), "cut short"},
		"GGUF":          {[]byte("GGUF\x03\x00\x00\x00"), "older format"},
		"PyTorch":       {[]byte("PK\x03\x04...."), "must be converted"},
		"LFS pointer":   {[]byte("version https://git-lfs..."), "Git LFS pointer"},
		"web page":      {[]byte("<!doctype html>"), "web page"},
		"sound":         {[]byte("RIFF...."), `it starts with "RIFF"`},
		"huge vocabulary": {bad(func(h *Header) { h.Vocabulary = 1 << 30 }),
			"vocabulary is 1073741824"},
		"negative layers": {bad(func(h *Header) { h.AudioLayers = -1 }), "audio layers is -1"},
		"context over 30 s": {bad(func(h *Header) { h.AudioContext = 3000 }),
			"audio context is 3000"},
		"unequal states":      {bad(func(h *Header) { h.TextState = 512 }), "text state is 512"},
		"no heads":            {bad(func(h *Header) { h.TextHeads = 0 }), "text heads is 0"},
		"heads do not divide": {bad(func(h *Header) { h.AudioHeads = 7 }), "divide into the heads"},
		"absurd format":       {bad(func(h *Header) { h.Format = 1 << 20 }), "weight format"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readHeader(bytes.NewReader(c.file))
			require.ErrorContains(t, err, c.says)
		})
	}
}

func FuzzReadHeader(f *testing.F) {
	f.Add(tinyHeader().bytes(f))
	f.Add([]byte(demoFile[:64]))
	f.Add([]byte("GGUF\x03\x00\x00\x00"))
	f.Add([]byte("<html>"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := readHeader(bytes.NewReader(b))
		if err != nil {
			return
		}
		require.NotEmpty(t, h.Type())
		require.NotEmpty(t, h.Weights())
		require.Positive(t, h.AudioHeads)
		require.Zero(t, h.AudioState%h.AudioHeads)
		require.Equal(t, b[:48], h.bytes(t))
	})
}
