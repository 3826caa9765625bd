package number_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/number"
)

// What goes into the sealed record has no number in it that a Finder knows.
func TestMaskSealed(t *testing.T) {
	t.Parallel()
	mobile, landline := finder(t, "13800138000"), finder(t, "02112345678")
	for _, tt := range []struct{ in, want string }{
		{"13800138000", "138****8000"},
		{"138.0013.8000", "138****8000"},
		{"１３８００１３８０００", "138****8000"},
		{"她是一三八零零一三八零零零", "她是138****8000"},
		{"幺三八 零零幺三 八零零零", "138****8000"},
		{"138/0013/8000", "138****8000"},
		{"(138)00138000", "(138****8000"},
		{"13800 138000", "138****8000"},
		{"138_0013_8000", "138****8000"},
		{"1380 0138 000", "138****8000"},
		{"138  0013  8000", "138****8000"},
		{"138 - 0013 - 8000", "138****8000"},
		{"1 3 8 0 0 1 3 8 0 0 0", "138****8000"},
		{"138，0013，8000", "138****8000"},
		{"+86 138 0013 8000", "+86 13****8000"},
		{"+49 30 123456", "+493****3456"},
		{"0086138.0013.8000", "0086138****8000"},
		{"calls/out_138_0013_8000_7", "calls/out_138****8000_7"},
		{"（021）1234.5678", "（021****5678"},
		{"０２１－１２３４５６７８", "021****5678"},

		{"freezes/01KB3ZK4M5N6P7Q8R9S0T1V2W3", ""},
		{"01138001380ABCDEFGHJKMNPQR", ""},
		{"2026-11-28 14:34:36", ""},
		{"2026-11-28 2026-12-13 18", ""},
		{"2026-11-13-101530", ""},
		{"20261128143436", ""},
		{"２０２６１１２８", ""},
		{"calls/1732781234.5", ""},
		{"192.168.10.200", ""},
		{"13 800 138 001 bytes", ""},
		{"1,380,013", ""},
		{"12 of 345, 6789", ""},
		{"lexicon/2026-11-28.1-3f9a", ""},
		{"三个人二十一次", ""},
		{"", ""},
	} {
		got := number.MaskSealed(tt.in)
		if tt.want == "" {
			tt.want = tt.in
		}
		require.Equal(t, tt.want, got, tt.in)
		require.False(t, mobile.Has(got) || landline.Has(got), tt.in)
		require.Equal(t, got, number.MaskSealed(got), "a filter is masked as what it looks for")
	}
}

func TestBlank(t *testing.T) {
	t.Parallel()
	f := finder(t, "13800138000")
	for in, want := range map[string]string{
		"我是138 0013 8000，好": "我是*** **** ****，好",
		"幺三八零零幺三八零零零。":      "***********。",
		"138，0013，8000":     "*************",
		"138001380 0":       "138001380 0",
	} {
		require.Equal(t, want, f.Blank(in))
	}
}

// Whatever a Finder finds of a number, the number is among the candidates, where it begins and ends with
// digits that stand together, or is a mobile one.
func TestCandidates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ number, text string }{
		{"13800138000", "13800138000"},
		{"13800138000", "20260101-13800138000-77.wav"},
		{"13800138000", "202601011380013800099"},
		{"13800138000", "我的号码是幺三八零零幺三八零零零"},
		{"13800138000", "+86 138-0013-8000"},
		{"13800138000", "００８６１３８００１３８０００"},
		{"02112345678", "on 2026-01-01 from 021-12345678"},
		{"02112345678", "2112345678"},
		{"+4930123456", "+49 30 123456"},
		{"+4930123456", "0049 30 123456"},
		{"95588", "the bank, 95588, called"},
	} {
		n, err := number.Parse(tt.number, "CN")
		if err != nil {
			n, err = number.FromDigits(8695588)
		}
		require.NoError(t, err)
		require.Contains(t, number.Candidates(tt.text), n, tt.text)
	}
	require.Empty(t, number.Candidates("no digits, or 12"))
}

func TestLacks(t *testing.T) {
	t.Parallel()
	f := finder(t, "13800138000")
	for in, want := range map[string]bool{"": true, "1380013800": true, "００００００八三1 381": false, "8000 138 0013": false} {
		require.Equal(t, want, f.Lacks(in), in)
	}
}
