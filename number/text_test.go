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

// Names that are made of numbers don't show them, and can be told apart.
func TestMaskName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"20261128-13912345678-1":      "20261128-139****5678-1",
		"agent 13912345678":           "agent 139****5678",
		"trunk-8613912345678":         "trunk-86139****5678",
		"sip:+8613912345678@10.0.0.1": "sip:+86139****5678@10.0.0.1",
		"139 1234 5678":               "139****5678",
		"139-1234-5678":               "139****5678",
		"013912345678":                "013****5678",
		"q13912345678x":               "q139****5678x",
		"202611281391234567801":       "20261128139****567801",
		"010-62345678":                "010****5678",
		"02112345678":                 "021****5678",
		"+12025550123":                "+12****0123",
		"442079460000":                "442****0000",
		"20261128143436":              "20261128143436",
		"20261128":                    "20261128",
		"1700000000.17":               "1700000000.17",
		"trunk-a":                     "trunk-a",
		"01M8H79ARGF3F04D4DBKSEHEVP":  "01M8H79ARGF3F04D4DBKSEHEVP",
		"":                            "",
		"李四 17":                       "李四 17",
	} {
		require.Equal(t, want, MaskName(name), name)
	}
}
