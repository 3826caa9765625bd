package grpcapi

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/fault"
)

// A page token is one that was given out for this list, or refused.
func FuzzPageToken(f *testing.F) {
	p := pager{[]byte("key")}
	good := p.token("list", cursor{time.Unix(1, 0).UTC(), "id"})
	for _, seed := range []string{"", good, good[:10], "!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		f.Add("list", seed)
	}
	f.Fuzz(func(t *testing.T, filter, token string) {
		var wrong fault.Fields
		c := p.parse(filter, token, &wrong)
		switch {
		case token == "":
			require.Nil(t, c)
		case c == nil:
			require.NotEmpty(t, wrong)
		default:
			var none fault.Fields
			require.Equal(t, c, p.parse(filter, p.token(filter, *c), &none), "it is one that we could make")
		}
	})
}
