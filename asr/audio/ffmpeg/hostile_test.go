package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
)

func requireRefused(t *testing.T, err error, kind audio.Kind, text string) {
	t.Helper()
	var e *audio.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, kind, e.Kind, e.Error())
	require.Contains(t, e.Error(), text)
	require.NotContains(t, e.Error(), descriptor)
}

// Whatever comes is refused with a reason, or read; and no copy stays behind.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	wav := call(t, 6*time.Second)
	m4a := encode(t, wav, "a.m4a", "-c:a", "aac")
	zeros := strings.Repeat("\x00", 5000)
	for _, f := range []struct {
		name, file string
		kind       audio.Kind
		text       string
	}{
		{"zeros", zeros, audio.NotAudio, "begins with 00"},
		{"MP3 in name only", "ID3\x04\x00\x00\x00\x00\x00\x00" + zeros, audio.Undecodable, "MP3"},
		{"text with an ID3 tag", "ID3\x04\x00\x00\x00\x00\x00\x00#EXTM3U\nfile:///etc/passwd\n",
			audio.OtherFormat, "playlist"},
		{"playlist", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n",
			audio.OtherFormat, "playlist"},
		{"concat", "ffconcat version 1.0\nfile /etc/passwd\n", audio.OtherFormat, "playlist"},
		{"M4A without its end", string(m4a[:len(m4a)/2]), audio.Undecodable, "moov atom"},
		{"M4A without its middle", string(m4a[:200]) + zeros + string(m4a[5200:]), "", ""},
		{"Ogg of nothing", "OggS" + zeros, audio.Undecodable, "Ogg"},
		{"Matroska of nothing", "\x1aE\xdf\xa3" + zeros, audio.Undecodable, "Matroska"},
		{"FLAC of noise", "fLaC" + string(wav[2000:9000]), audio.Undecodable, "FLAC"},
		{"AMR of noise", "#!AMR\n" + string(wav[2000:9000]), "", ""},
		{"GSM in a WAV without a block", "RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x31\x00\x01\x00" +
			"\x40\x1f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00data\x00\x10\x00\x00" + zeros, "", ""},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			files := readers(t)
			_, err := files.Inspect(t.Context(), strings.NewReader(f.file))
			if f.kind != "" {
				requireRefused(t, err, f.kind, f.text)
			} else if err != nil { // some ffmpegs make something of it
				_, ok := errors.AsType[*audio.Error](err)
				require.True(t, ok, err)
			}
			left, err := os.ReadDir(files.Dir)
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

// A demuxer that would open other files can't be had, however one comes to ask for it.
func TestListsOfFilesAreNotOpened(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret.wav")
	require.NoError(t, os.WriteFile(secret, call(t, 2*time.Second), 0o600))
	for demuxer, list := range map[string]string{
		"concat": "ffconcat version 1.0\nfile " + secret + "\n",
		"hls": "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://" + secret +
			"\n#EXT-X-ENDLIST\n",
		"lavfi": "amovie=" + secret,
	} {
		file, err := os.CreateTemp(t.TempDir(), "list")
		require.NoError(t, err)
		_, err = file.WriteString(list)
		require.NoError(t, err)
		d, err := decoder(t).Decode(t.Context(), file, audio.Foreign{Name: "a list",
			Demuxer: demuxer})
		require.NoError(t, err)
		got, err := io.ReadAll(d)
		requireRefused(t, err, audio.Undecodable, "a list")
		require.Empty(t, got)
		require.NoError(t, d.Close())
		require.NoError(t, file.Close())
	}
}

// A file of some kilobytes that decodes to more than six hours.
func TestBomb(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "bomb.flac")
	said, err := exec.CommandContext(t.Context(), decoder(t).path, "-v", "error", "-nostdin", "-f",
		"lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "22000", "-c:a", "flac", "-frame_size",
		"65535", "-compression_level", "0", out).CombinedOutput()
	require.NoError(t, err, "%s", said)
	file, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Less(t, len(file), 1<<20)
	_, err = readers(t).Inspect(t.Context(), bytes.NewReader(file))
	requireRefused(t, err, audio.Undecodable, "more than 6h0m0s")
}

// script is a program to decode with.
func script(t *testing.T, lines string, l limits) audio.Files {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ffmpeg")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o700))
	found, err := Find(path)
	require.NoError(t, err)
	d := found.(*Decoder)
	d.limits = l
	return audio.Files{Decoder: d, Dir: t.TempDir()}
}

const wavHeader = `printf 'RIFF\377\377\377\377WAVEfmt \020\0\0\0\001\0\001\0'; ` +
	`printf '\100\037\0\0\200\076\0\0\002\0\020\0data\377\377\377\377'; `

func TestLimits(t *testing.T) {
	t.Parallel()
	hasty := usual
	hasty.silence = 50 * time.Millisecond
	small := usual
	small.memory = 1 << 20
	busy := usual
	busy.most = time.Second
	for _, c := range []struct {
		name, lines string
		limits      limits
		text        string
	}{
		{"gives nothing", "sleep 1000 & wait", hasty, "gave nothing for 50ms"},
		{"gives nothing more", wavHeader + "sleep 1000 & wait", hasty, "gave nothing for 50ms"},
		{"gives without end", wavHeader + "cat /dev/zero", usual, "more than 6h0m0s"},
		{"works without end", "while :; do :; done", busy, "died of it, or of its limits"},
		{"takes memory", "exec cat", small, ""},
		{"writes a file", "echo x > $(dirname $0)/file || exit 3", usual, "died of it"},
		{"has limits", `echo "[error] $(ulimit -v) $(ulimit -f) $(ulimit -c)" >&2; exit 1`, usual,
			"says: 1048576 0 0"},
		{"dies", "kill -SEGV $$", usual, "died of it"},
		{"complains without end", "yes '[error] no good' >&2 & sleep 0.2; kill $!; exit 1", usual,
			"says: no good"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := script(t, c.lines, c.limits).Inspect(t.Context(), strings.NewReader("fLaC"))
			if c.text == "" {
				require.Error(t, err)
				return
			}
			requireRefused(t, err, audio.Undecodable, c.text)
		})
	}
}

// A program that can't run is not the file's fault.
func TestProgramThatCannotRun(t *testing.T) {
	t.Parallel()
	_, err := script(t, "echo '[error] no libav' >&2; exit 127", usual).Inspect(t.Context(),
		strings.NewReader("fLaC"))
	require.ErrorContains(t, err, "ffmpeg can't run: no libav")
	_, ok := errors.AsType[*audio.Error](err)
	require.False(t, ok)
}

// Cancelling ends ffmpeg with all that it started: were any of it left, it would hold
// descriptors open, and waiting would say so.
func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	files := script(t, wavHeader+"printf '\\0\\0\\0\\0'; sleep 1000 & wait", usual)
	file, err := os.CreateTemp(files.Dir, "x")
	require.NoError(t, err)
	d, err := files.Decoder.Decode(ctx, file, audio.Foreign{Demuxer: "flac"})
	require.NoError(t, err)
	_, err = io.ReadFull(d, make([]byte, 48)) // it runs, and has started what it starts
	require.NoError(t, err)
	cancel()
	_, err = io.ReadAll(d)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, d.(*run).ended, exec.ErrWaitDelay)
	require.NoError(t, d.Close())
}

func TestCloseEndsIt(t *testing.T) {
	t.Parallel()
	files := script(t, wavHeader+"cat /dev/zero & wait", usual)
	track, err := files.OpenTrack(t.Context(), strings.NewReader("fLaC"), audio.Mono)
	require.NoError(t, err)
	_, err = track.Read(make([]float32, 1000))
	require.NoError(t, err)
	require.NoError(t, track.Close())
}

func TestFind(t *testing.T) {
	t.Parallel()
	d, err := Find(Off)
	require.NoError(t, err)
	require.Nil(t, d)
	_, err = Find(filepath.Join(t.TempDir(), "absent"))
	require.ErrorContains(t, err, "name the program, or say auto or off")
}
