package app_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// A gate and its server that are killed, in whatever order, come back with what they knew.
func TestGateAndServerAreKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := spawn(t, dir)
	key := func(id string, role pb.Role, as string) string {
		resp, err := s.Keys.AddKey(apitest.WithKey(t.Context(), as), &pb.AddKeyRequest{KeyId: id, Role: role})
		require.NoError(t, err)
		return resp.GetToken()
	}
	first, err := s.Keys.AddKey(t.Context(), &pb.AddKeyRequest{KeyId: "ops", Role: pb.Role_ROLE_ADMIN})
	require.NoError(t, err)
	admin, dialler := first.GetToken(), key("pbx", pb.Role_ROLE_DIALLER, first.GetToken())
	file := filepath.Join(t.TempDir(), "gate.key")
	require.NoError(t, os.WriteFile(file, []byte(key("gate", pb.Role_ROLE_GATE, admin)), 0o600))
	freeze := func(n string) {
		t.Helper()
		_, err := s.Freezes.CreateFreeze(apitest.WithKey(t.Context(), admin), &pb.CreateFreezeRequest{Number: n, Reason: "x"})
		require.NoError(t, err)
	}
	line := cable(t, s.Conn.Target())
	gate := func() *process { return spawn(t, dir, gateEnv+"="+line.Listen, gateKeyEnv+"="+file) }
	refuses := func(g *process, n string) {
		t.Helper()
		require.Eventually(t, func() bool {
			resp, err := g.Gate.CheckNumber(apitest.WithKey(t.Context(), dialler), &pb.CheckNumberRequest{Number: n})
			return err == nil && resp.GetAnswer().GetReason() == pb.Answer_REASON_FROZEN
		}, patience, time.Millisecond, n)
	}
	g := gate()
	freeze("13800138001")
	refuses(g, "13800138001")
	g.kill(t)
	freeze("13800138002") // which the gate hears of when it is back
	g = gate()
	refuses(g, "13800138001")
	refuses(g, "13800138002")
	for range 2 { // it is on disk, too, after one save that begins now
		saved := modified(t, file+".db")
		require.Eventually(t, func() bool { return modified(t, file+".db").After(saved) }, patience, 10*time.Millisecond)
	}
	s.kill(t)
	refuses(g, "13800138002")
	g.kill(t)
	g = gate() // while the server is gone
	refuses(g, "13800138001")
	refuses(g, "13800138002")
	s = spawn(t, dir)
	lead(t, line, s.Conn.Target())
	freeze("13800138003")
	refuses(g, "13800138003")
}

func modified(t *testing.T, name string) time.Time {
	t.Helper()
	info, err := os.Stat(name)
	require.NoError(t, err)
	return info.ModTime()
}
