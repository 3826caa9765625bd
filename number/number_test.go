package number

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, region, want, masked string }{
		{"mobile", "13800138000", "", "+8613800138000", "138****8000"},
		{"mobile with country code", "+86 138 0013 8000", "", "+8613800138000", "138****8000"},
		{"international prefix", "0086-138-0013-8000", "", "+8613800138000", "138****8000"},
		{"landline with area code", "010-62345678", "", "+861062345678", "106****5678"},
		{"landline with brackets", "(0755) 8234 5678", "", "+8675582345678", "755****5678"},
		{"full-width digits", "１３８００１３８０００", "", "+8613800138000", "138****8000"},
		{"foreign", "+1 415 555 2671", "", "+14155552671", "+1415****2671"},
		{"foreign, by its international prefix", "001 380 234 5678", "", "+13802345678", "+1380****5678"},
		{"a plus where it is dialled in America", "+13802345678", "US", "+13802345678",
			"+1380****5678"},
		{"the 0 of mobile dialling", "013800138000", "", "+8613800138000", "138****8000"},
		{"other default region", "020 7946 0958", "GB", "+442079460958", "+44207****0958"},
		{"leading zero of Italy", "+39 06 6982", "", "+39066982", "+390****2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, err := Parse(tt.in, tt.region)
			require.NoError(t, err)
			require.Equal(t, tt.want, n.E164())
			require.Equal(t, tt.masked, n.Masked())
			require.NotContains(t, fmt.Sprintf("%v %+v %#v %s %d %x", n, n, n, n, n, n),
				tt.want[1:])
			require.Equal(t, tt.want, string(n.appendE164(nil)))
			again, err := FromE164(n.E164())
			require.NoError(t, err)
			require.Equal(t, n, again)
			again, err = FromDigits(n.Digits())
			require.NoError(t, err)
			require.Equal(t, n, again)
		})
	}
}

func TestZero(t *testing.T) {
	t.Parallel()
	var n Number
	require.True(t, n.IsZero())
	require.Empty(t, n.E164())
	require.Empty(t, n.Masked())
	require.Empty(t, n.appendE164(nil))
	require.Zero(t, n.Digits())
	require.Equal(t, "number.Number()", fmt.Sprintf("%#v", n))
}

func TestFromE164Refuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "+", "+86", "8613800138000", "+86 13800138000", "+086138001380",
		"++8613800138000", "+1234567890123456", "+86138x"} {
		_, err := FromE164(in)
		require.ErrorIs(t, err, ErrInvalid, in)
	}
}

func TestFromDigits(t *testing.T) {
	t.Parallel()
	for digits, ok := range map[uint64]bool{0: false, 99: false, 100: true, 8613800138000: true,
		999_999_999_999_999: true, 1_000_000_000_000_000: false, 1<<64 - 1: false} {
		n, err := FromDigits(digits)
		require.Equal(t, ok, err == nil, "%d", digits)
		if ok {
			require.Equal(t, digits, n.Digits())
			require.Equal(t, fmt.Sprintf("+%d", digits), n.E164())
		} else {
			require.ErrorIs(t, err, ErrInvalid)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", " ", "12", "abc", "1380013800", "138001380000", "62345678",
		"1-800-FLOWERS", "+13802345678", "＋13802345678", "+ 138-0234-5678", "+１３８０２３４５６７８",
		"+19900001111", "+13105551234", "138001380001380013800013800138000138001380001", "+49 48271000000000"} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(in, "")
			require.ErrorIs(t, err, ErrInvalid)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("13800138000")
	f.Add("+1 415 555 2671")
	f.Add("０１０－６２３４５６７８")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s, "")
		if err != nil {
			return
		}
		again, err := Parse(n.E164(), "US") // where +1380... is no Chinese number without +86
		require.NoError(t, err)
		require.Equal(t, n, again)
		require.NotEqual(t, n.E164(), n.Masked())
	})
}
