//go:build unix

package datadir

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Only a group that has no other member is nobody else.
func TestPrivateGroup(t *testing.T) {
	t.Parallel()
	const groups = "root:x:0:\nann:x:1000:\nbob:x:1001:bob\ncall:x:1002:ann,bob\nodd:x\n"
	for name, want := range map[string]bool{"ann": true, "bob": true, "call": false, "odd": false,
		"eve": false, "": false} {
		require.Equal(t, want, alone(groups, name), name)
	}
}
