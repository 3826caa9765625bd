package number

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func planOf(t testing.TB, region string, prefixes []string, virtual ...string) Plan {
	t.Helper()
	p := Plan{Region: region, Prefixes: prefixes}
	for _, text := range virtual {
		r, err := ParseRange(text, region)
		require.NoError(t, err)
		p.Virtual = append(p.Virtual, r)
	}
	return p
}

// A dial prefix is taken off only where the whole is no number and the rest is one.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, want string
		prefixes []string
	}{
		{"913800138000", "+8613800138000", []string{"9"}},
		{"9,13800138000", "", []string{"9"}},
		{"9-138 0013 8000", "+8613800138000", []string{"9"}},
		{"90 13800138000", "+8613800138000", []string{"90"}},
		{"9013800138000", "+8613800138000", []string{"9", "90"}}, // either way the same
		{"9-0 13800138000", "+8613800138000", []string{"90"}},
		{"9010-62345678", "+861062345678", []string{"9"}},
		{"9+8613800138000", "+8613800138000", []string{"9"}},
		{"90086 13800138000", "+8613800138000", []string{"9"}},
		{"*913800138000", "", []string{"9"}},
		{"*913800138000", "+8613800138000", []string{"*9"}},
		{"913800138000", "", nil},
		{"813800138000", "", []string{"9"}},
		{"91380013", "", []string{"9"}},
		{"9", "", []string{"9"}},
		{"", "", []string{"9"}},
		{"962345678", "", []string{"9"}},
		{"13800138000", "+8613800138000", []string{"1", "138"}}, // a number is left as it is
		{"018612345678901", "", []string{"0", "01"}},
		{"+13800138000", "", []string{"9"}},
	} {
		got, err := planOf(t, "", tt.prefixes).Parse(tt.in)
		if tt.want == "" {
			require.ErrorIs(t, err, ErrInvalid, "%q %v", tt.in, tt.prefixes)
			continue
		}
		require.NoError(t, err, "%q %v", tt.in, tt.prefixes)
		require.Equal(t, tt.want, got.E164(), "%q %v", tt.in, tt.prefixes)
	}
	_, err := planOf(t, "", []string{"9", "91"}).Parse("9113800138000")
	require.NoError(t, err, "the rest of only one is a number")
	_, err = planOf(t, "", []string{"8", "80"}).Parse("8075582345678")
	require.NoError(t, err)
	_, err = planOf(t, "", []string{"12", "1"}).Parse("12075582345678")
	require.NoError(t, err)
	for prefix, good := range map[string]bool{"9": true, "00": true, "*9#": true, "": false, "+": false,
		"9-": false, "123456789": false, "a": false} {
		require.Equal(t, good, CheckPrefix(prefix) == "", prefix)
	}
}

// Numbers that stand for whoever uses them are known by ranges.
func TestVirtual(t *testing.T) {
	t.Parallel()
	p := planOf(t, "", []string{"9"}, "95013*", "+8617000000000-+8617000009999", "16512345678",
		"+1 415*")
	for in, want := range map[string]bool{
		"95013000012": true, "9501300001234": true, "+869501300001234": true, "0086 95013 0000 1234": true,
		"17000000000": true, "17000009999": true, "+86 170 0000 1234": true, "917000001234": true,
		"17000010000": false, "16512345678": true, "16512345679": false, "13800138000": false,
		"+14155552671": true, "95014000012": false,
	} {
		n, err := p.Parse(in)
		require.NoError(t, err, in)
		require.Equal(t, want, p.IsVirtual(n), in)
	}
	_, err := p.Parse("9501400001234")
	require.ErrorIs(t, err, ErrInvalid)
	require.False(t, Plan{}.IsVirtual(Number{}))
	for _, text := range []string{"", "*", "-", "x*", "17000000000-x", "17000009999-17000000000",
		"170-17000000000", "+0*", "1700000000012345678*", "17000000000-+8617000009999x"} {
		_, err := ParseRange(text, "")
		require.Error(t, err, text)
	}
	_, err = ParseRange("17000000000-+8617000009999", "")
	require.NoError(t, err)
	british := planOf(t, "GB", nil, "020 7946*")
	n, err := british.Parse("020 7946 0958")
	require.NoError(t, err)
	require.True(t, british.IsVirtual(n))
}

func FuzzPlan(f *testing.F) {
	f.Add("9-13800138000", "9", "95013*")
	f.Add("9501300001234", "*", "+8617000000000-+8617000009999")
	f.Add("０１０－６２３４５６７８", "0", "1-2")
	f.Fuzz(func(t *testing.T, s, prefix, virtual string) {
		p := Plan{}
		if CheckPrefix(prefix) == "" {
			p.Prefixes = []string{prefix}
		}
		if r, err := ParseRange(virtual, ""); err == nil {
			p.Virtual = append(p.Virtual, r)
		}
		n, err := p.Parse(s)
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		again, err := FromDigits(n.Digits())
		require.NoError(t, err)
		require.Equal(t, n, again)
		if plain, err := Parse(s, ""); err == nil {
			require.Equal(t, plain, n, "what is a number stays it")
		}
	})
}
