package number_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/number"
)

func finder(tb testing.TB, text string) *number.Finder {
	tb.Helper()
	n, err := number.Parse(text, "CN")
	require.NoError(tb, err)
	return number.NewFinder(n)
}

func TestFinder(t *testing.T) {
	t.Parallel()
	mobile, landline, short := finder(t, "13800138000"), finder(t, "02112345678"), finder(t, "+4930123456")
	for _, tt := range []struct {
		f        *number.Finder
		in, want string
	}{
		{mobile, "13800138000", "X"},
		{mobile, "+8613800138000", "X"},
		{mobile, "008613800138000, 013800138000", "X, X"},
		{mobile, "call 138 0013 8000 back", "call X back"},
		{mobile, "+86 138-0013-8000", "X"},
		{mobile, "20260101-13800138000-77.wav", "20260101-X-77.wav"},
		{mobile, "out_13800138000_20260101", "out_X_20260101"},
		{mobile, "202601011380013800099", "20260101X99"},
		{mobile, "１３８００１３８０００", "X"},
		{mobile, "我的号码是幺三八零零幺三八零零零", "我的号码是X"},
		{mobile, "13800138000 and 13800138000", "X and X"},
		{mobile, "13800138001", "13800138001"},
		{mobile, "138001380 0", "138001380 0"},
		{mobile, "138    00138000", "138    00138000"},
		{mobile, "", ""},
		{landline, "021-12345678 or 2112345678", "X or X"},
		{short, "030 123456, +49 30 123456, 1130123456, 301234567", "X, X, 1130123456, 301234567"},
	} {
		require.Equal(t, tt.want, tt.f.Replace(tt.in, "X"), tt.in)
		require.Equal(t, tt.want != tt.in, tt.f.Has(tt.in), tt.in)
	}
}

// Whatever is around a number, it is gone afterwards, and what has none stays as it is.
func FuzzFinder(f *testing.F) {
	mobile := finder(f, "13800138000")
	f.Add("a", "b")
	f.Add("+86", "1")
	f.Add("1380013800", "0013800138000")
	f.Fuzz(func(t *testing.T, before, after string) {
		got := mobile.Replace(before+"13800138000"+after, "X")
		require.NotContains(t, got, "13800138000")
		if !mobile.Has(before) {
			require.Equal(t, before, mobile.Replace(before, "X"))
		}
	})
}
