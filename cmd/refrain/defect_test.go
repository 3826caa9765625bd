package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/internal/cli/call"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/send"
	"github.com/refrain-asr/refrain/internal/cli/transcribe"
)

// sides reads a sample call, and puts silence in place of a side's tail where it is short.
func sides(t *testing.T, sample string) (left, right []float32) {
	t.Helper()
	f, err := os.Open(filepath.Join(samplesDir, sample))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	r, err := audio.NewReader(f)
	require.NoError(t, err)
	block := [][]float32{make([]float32, 4096), make([]float32, 4096)}
	for {
		n, err := r.Read(block)
		if errors.Is(err, io.EOF) {
			return left, right
		}
		require.NoError(t, err)
		left, right = append(left, block[0][:n]...), append(right, block[1][:n]...)
	}
}

// scaled is x at that many decibels.
func scaled(x []float32, db float64) []float32 {
	out := make([]float32, len(x))
	for i := range x {
		out[i] = x[i] * float32(math.Pow(10, db/20))
	}
	return out
}

// samples16 are the two sides as 16-bit samples.
func samples16(left, right []float32, order binary.ByteOrder) []byte {
	var b bytes.Buffer
	for i := range left {
		_ = binary.Write(&b, order, []int16{int16(left[i] * 32767), int16(right[i] * 32767)})
	}
	return b.Bytes()
}

// writeWAV writes a stereo file at 8 kHz whose header says so many bytes of samples.
func writeWAV(t *testing.T, name string, samples []byte, says uint32) string {
	t.Helper()
	var b bytes.Buffer
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) }
	b.WriteString("RIFF")
	put(says + 36)
	b.WriteString("WAVEfmt ")
	put([]uint32{16, 2<<16 | 1, 8000, 32_000, 16<<16 | 4})
	b.WriteString("data")
	put(says)
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, append(b.Bytes(), samples...), 0o600))
	return path
}

func writeWhole(t *testing.T, name string, samples []byte) string {
	t.Helper()
	return writeWAV(t, name, samples, uint32(len(samples)))
}

// A customer who could not be heard is told apart from one who did not refuse.
func TestUnheardCustomers(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	agent, customer := sides(t, "03-stop-calling.wav")
	nothing := make([]float32, len(agent))
	le := binary.LittleEndian
	server := startServer(t, "127.0.0.1:0")
	for _, tt := range []struct{ name, file, defect string }{
		{"dead", writeWhole(t, "a.wav", samples16(agent, nothing, le)), "customer_dead"},
		{"faint", writeWhole(t, "b.wav", samples16(agent, scaled(customer, -50), le)),
			"customer_faint"},
		{"the bytes in the wrong order", writeWhole(t, "c.wav",
			samples16(agent, customer, binary.BigEndian)), "customer_noise"},
		{"swapped", writeWhole(t, "d.wav", samples16(customer, agent, le)), "sides_swapped"},
		{"an echo and a silent customer", writeWhole(t, "e.wav",
			samples16(agent, scaled(agent, -40), le)), ""},
		{"a silent customer", filepath.Join(samplesDir, "07-silent.wav"), ""},
		{"one who is heard", filepath.Join(samplesDir, "05-interested.wav"), ""},
	} {
		got := refrain(t, "", "transcribe", "--model", "demo", "--format", "json", tt.file)
		line := lines[transcribe.Line](t, got.out)[0]
		require.False(t, line.Suspect, tt.name)
		sent := refrain(t, "", "send", tt.file, "--call-id", tt.name, "--number", "13800138000",
			"--wait", "--format", "json", "--server", server)
		require.Equal(t, line.Defects, lines[send.JudgedLine](t, sent.out)[0].Defects, tt.name)
		text := refrain(t, "", "transcribe", "--model", "demo", tt.file).out
		if tt.defect == "" {
			require.Empty(t, line.Defects, tt.name)
			require.Contains(t, text, "no suspect (0.00)")
			continue
		}
		require.Equal(t, []string{tt.defect}, line.Defects, tt.name)
		require.Contains(t, text, "("+tt.defect+")", tt.name)
		require.Equal(t, tt.defect == "sides_swapped", strings.Contains(text,
			"no suspect"), text)
		require.NotContains(t, text, "nothing was said")
	}
}

// A file that was sent too early is replaced by the whole one, whose refusals count.
func TestSendGoesOn(t *testing.T) {
	t.Parallel()
	agent, customer := sides(t, "03-stop-calling.wav")
	samples := samples16(agent, customer, binary.LittleEndian)
	growing := writeWAV(t, "growing.wav", samples[:7*32_000], 0)
	whole := writeWhole(t, "whole.wav", samples)
	server := startServer(t, "127.0.0.1:0")
	send1 := func(file string, more ...string) (result, send.JudgedLine) {
		got := refrain(t, "", append([]string{"send", file, "--call-id", "1", "--number",
			"13800138000", "--wait", "--format", "json", "--server", server}, more...)...)
		return got, lines[send.JudgedLine](t, got.out)[0]
	}
	got, line := send1(growing)
	require.Equal(t, console.ExitFailed, got.code)
	require.Contains(t, *line.Error, "once the recorder has closed it")
	require.Nil(t, line.Recording)

	_, first := send1(growing, "--unfinished-ok")
	require.Equal(t, []string{"header_unfinished"}, first.Defects)
	require.Nil(t, first.Suspect)
	got, line = send1(whole)
	require.Zero(t, got.code, got.errors)
	require.Equal(t, first.Recording, line.Recording)
	require.True(t, line.Replaced)
	require.False(t, line.Duplicate)
	require.NotNil(t, line.Suspect)
	require.Empty(t, line.Defects)
	_, line = send1(growing, "--unfinished-ok")
	require.True(t, line.Duplicate, "the beginning is there")
	require.False(t, line.Replaced)
}

// A recorder that died long ago is no reason to wait for it.
func TestSendWhatADeadRecorderLeft(t *testing.T) {
	t.Parallel()
	agent, customer := sides(t, "05-interested.wav")
	file := writeWAV(t, "left.wav", samples16(agent, customer, binary.LittleEndian), 0)
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(file, long, long))
	server := startServer(t, "127.0.0.1:0")
	got := refrain(t, "", "send", file, "--call-id", "1", "--number", "13800138000", "--server",
		server)
	require.Zero(t, got.code, got.errors)
	require.Contains(t, got.out, "(header_unfinished)")
}

// Half of each frame is lost, as one PBX does it: the call's report tells.
func TestHalfARecording(t *testing.T) {
	t.Parallel()
	agent, customer := sides(t, "03-stop-calling.wav")
	all := samples16(customer, agent, binary.LittleEndian)
	var half []byte
	for at := 0; at+640 <= len(all); at += 640 {
		half = append(half, all[at:at+320]...)
	}
	file := writeWhole(t, "half.wav", half)
	server := startServer(t, "127.0.0.1:0")
	for _, id := range []string{"1", "2"} {
		args := []string{"call", "report", id, "--number", "13800138000", "--start",
			"2026-03-02T09:15:00+08:00", "--outcome", "answered", "--talk-seconds", "21",
			"--server", server}
		send := []string{"send", file, "--call-id", id, "--number", "13800138000", "--wait",
			"--customer-channel", "left", "--server", server}
		if id == "2" { // the report may come after the recording
			args, send = send, args
		}
		require.Zero(t, refrain(t, "", args...).code)
		require.Zero(t, refrain(t, "", send...).code)
		show := []string{"call", "show", id, "--server", server}
		require.Contains(t, refrain(t, "", show...).out, "(shorter_than_call)")
		got := lines[call.Line](t, refrain(t, "", append(show, "--format", "json")...).out)
		require.Equal(t, []string{"shorter_than_call"}, got[0].Defects)
	}
}
