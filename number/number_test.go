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
		{"other default region", "020 7946 0958", "GB", "+442079460958", "+44207****0958"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, err := Parse(tt.in, tt.region)
			require.NoError(t, err)
			require.Equal(t, tt.want, n.E164())
			require.Equal(t, tt.masked, n.Masked())
			require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", n, n, n, n), tt.want)
			again, err := FromE164(n.E164())
			require.NoError(t, err)
			require.Equal(t, n, again)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", " ", "12", "abc", "1380013800", "138001380000", "62345678", "1-800-FLOWERS", "138001380001380013800013800138000138001380001"} {
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
		again, err := Parse(n.E164(), "")
		require.NoError(t, err)
		require.Equal(t, n, again)
		require.NotEqual(t, n.E164(), n.Masked())
	})
}
