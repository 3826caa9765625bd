package number

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Five digits decide: for each of the 10,000 prefixes, whatever follows, the library
// says the same. What follows is drawn anew in every run.
func TestPrefixDecides(t *testing.T) {
	t.Parallel()
	require.Equal(t, 11, len(fmt.Sprint(prefixes))+len(fmt.Sprint(prefixUnit))-1)
	var wg sync.WaitGroup
	for part := range 4 { // each takes a quarter
		wg.Go(func() {
			for p := prefixes + part; p < 2*prefixes; p += 4 {
				if err := prefixAgrees(uint64(p) * prefixUnit); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func prefixAgrees(first uint64) error {
	if !prefixDecides(first) {
		return nil // left to the library
	}
	_, want := parseAny(fmt.Sprint(first), defaultRegion)
	for range 3 {
		s := fmt.Sprint(first + rand.Uint64N(prefixUnit))
		n, err := parseAny(s, defaultRegion)
		if (err == nil) != (want == nil) {
			return fmt.Errorf("%s and %d don't agree: %w", s, first, errors.Join(err, want))
		}
		if err == nil && n.E164() != "+86"+s {
			return fmt.Errorf("%s became %s", s, n.E164())
		}
	}
	return nil
}

// What is left out of the short way are only prefixes with which numbers abroad are
// dialled, and what is no mobile number.
func TestPlainMobile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, region string
		want       uint64
	}{
		{"13800138000", "CN", 13800138000},
		{"+8613800138000", "CN", 13800138000},
		{"8613800138000", "CN", 13800138000},
		{"008613800138000", "CN", 13800138000},
		{"+8613800138000", "GB", 13800138000},
		{"10000000000", "CN", 10000000000},
		{"13800138000", "GB", 0},
		{"8613800138000", "GB", 0},
		{"23800138000", "CN", 0},
		{"03800138000", "CN", 0},
		{"013800138000", "CN", 0},
		{"118613800138000", "CN", 0},
		{"+8513800138000", "CN", 0},
		{"+13800138000", "CN", 0},
		{"+13800138000000", "CN", 0},
		{"1380013800x", "CN", 0},
		{"1380013800", "CN", 0},
		{"138001380000", "CN", 0},
		{"11100138000", "CN", 0},
		{"12910012345", "CN", 0},
		{"17911001234", "CN", 0},
		{"", "CN", 0},
		{"+", "CN", 0},
	} {
		got, ok := plainMobile(tt.in, tt.region)
		require.Equal(t, tt.want != 0, ok, tt.in)
		if ok {
			require.Equal(t, tt.want, got, tt.in)
		}
	}
}

func TestPrefixTable(t *testing.T) {
	t.Parallel()
	var table prefixTable
	var wg sync.WaitGroup
	for p := uint64(prefixes); p < 2*prefixes; p += 3 {
		wg.Go(func() { table.learn(p*prefixUnit+p%prefixUnit, p%2 == 0) })
	}
	wg.Wait()
	for p := uint64(prefixes); p < 2*prefixes; p++ {
		want := verdict(0)
		if (p-prefixes)%3 == 0 {
			want = map[bool]verdict{true: valid, false: invalid}[p%2 == 0]
		}
		require.Equal(t, want, table.verdict(p*prefixUnit), p)
	}
}

// The short way and the library give the same number, and the same error.
func FuzzShortWay(f *testing.F) {
	for _, s := range []string{"13800138000", "+8617400138000", "8617900138000", "008614900138000",
		"013800138000", "17911008613800138000", "00861380013800", "+86+13800138000"} {
		f.Add(s, "CN", uint64(13800138000))
	}
	f.Add("13800138000", "GB", uint64(17406138000))
	f.Add("+8613800138000", "", uint64(10999999999))
	f.Add("+8613800138000", "XX", uint64(19999999999))
	f.Fuzz(func(t *testing.T, s, region string, mobile uint64) {
		agrees(t, s, region)
		m := mobileSize/10 + mobile%(mobileSize/10)
		for _, before := range []string{"", "+86", "86", "0086", "0", "00", "+"} {
			agrees(t, fmt.Sprint(before, m), region)
		}
	})
}

func agrees(t *testing.T, s, region string) {
	t.Helper()
	for range 2 { // the second time by what was learnt
		got, err := Parse(s, region)
		if region == "" {
			region = defaultRegion
		}
		want, wantErr := parseAny(s, region)
		require.Equal(t, want, got)
		require.Equal(t, fmt.Sprint(wantErr), fmt.Sprint(err))
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"13800138000", "+8613800138000", "010-62345678"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Parse(s, "")
			}
		})
	}
}
