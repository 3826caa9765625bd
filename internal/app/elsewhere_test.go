//go:build unix

package app_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// What rules deny of somebody who is erased at one server is gone from the memory of another one, and of a gate that
// follows that one.
func TestAnErasureIsFollowedElsewhere(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	c := startCentre(t, s.config())
	dialler := apitest.WithKey(t.Context(), c.dialler)
	two := start(t, s.config())
	g := startGate(t, gateConfig(t, two.app.GRPCAddr(), c.gateKey), c.dialler)
	all := map[string]*beside{"the server": {clients: c.clients, dialler: dialler},
		"the other": {clients: two.clients, dialler: dialler}, "the gate": g}
	const denied = "+8613800138005"
	answer := func(want pb.Answer_Reason) {
		t.Helper()
		for name, at := range all {
			require.Eventually(t, func() bool { return at.reason(t, denied) == want }, patience, 10*time.Millisecond, name)
		}
	}
	c.follows(t, g)
	for i := range 6 {
		_, err := c.Gate.ReserveCall(dialler, &pb.ReserveCallRequest{CallId: strconv.Itoa(i), Number: denied})
		require.NoError(t, err)
	}
	answer(pb.Answer_REASON_RULE_LIMIT)
	_, err := c.People.ErasePerson(c.admin, &pb.ErasePersonRequest{Number: denied, Reason: "he asked for it"})
	require.NoError(t, err)
	answer(pb.Answer_REASON_NONE)
	require.Equal(t, 1, g.gate.State().Snapshots, "it was told of him alone")
}
