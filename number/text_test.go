package number

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMaskIn(t *testing.T) {
	t.Parallel()
	n, err := Parse("13800138000", "")
	require.NoError(t, err)
	for text, want := range map[string]string{
		"13800138000-20261127":   "138****8000-20261127",
		"out-8613800138000.wav":  "out-138****8000.wav",
		"+8613800138000":         "138****8000",
		"1764123456.12":          "1764123456.12",
		"13800138001":            "13800138001",
		"":                       "",
		"9013800138000@carrier1": "90138****8000@carrier1",
	} {
		require.Equal(t, want, n.MaskIn(text), text)
	}
	require.Equal(t, "13800138000", Number{}.MaskIn("13800138000"))
}

func TestMaskText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"打我13800138000":    "打我***",
		"打138 0013 8000吧":  "打***吧",
		"幺三八零零幺三八零零零":      "***",
		"138-0013-8000":    "***",
		"１３８００１３８０００":      "***",
		"一共三千五百块，30天":      "一共三千五百块，30天",
		"2026-03-02 12:30": "***:30",
	} {
		require.Equal(t, want, MaskText(text), text)
	}
}
