//go:build unix

package chaos_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/blob/s3test"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

var workersFlag = flag.Int("chaos.workers", 2, "how many workers hear in a cluster that is broken")

// edges are the workers and gates of a cluster, each with ways of its own to what it needs.
type edges struct {
	workers, gates []*edge
	dialler, ops   bearer
}

// edge is a worker or a gate.
type edge struct {
	*server

	name, config string
	ways         []*s3test.Proxy
}

// bearer is a key that is shown with each request.
type bearer string

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials.
func (bearer) RequireTransportSecurity() bool { return false }

// settings writes a configuration.
func (c *cluster) settings(name string, of map[string]any) (file string) {
	text, err := json.Marshal(of)
	require.NoError(c.t, err)
	file = filepath.Join(c.dir, name+".yaml")
	require.NoError(c.t, os.WriteFile(file, text, 0o600))
	return file
}

// prepareEdges makes the workers' and gates' settings.
func (c *cluster) prepareEdges(bucket, credentials string) {
	for i := range *workersFlag {
		pg, s3 := s3test.Before(c.t, c.pg.Addr), s3test.Before(c.t, c.s3.Addr)
		name := fmt.Sprint("worker-", i)
		c.workers = append(c.workers, &edge{name: name, ways: []*s3test.Proxy{pg, s3}, config: c.settings(name, map[string]any{
			"data": filepath.Join(c.dir, name), "database": map[string]any{"url": c.pg.URL(pg.Addr())},
			"audio": map[string]any{"s3": c.bucket(s3.Addr(), bucket, credentials)}})})
	}
	for i := range 2 {
		name, way := fmt.Sprint("gate-", i), s3test.Before(c.t, "127.0.0.1:1")
		c.gates = append(c.gates, &edge{name: name, ways: []*s3test.Proxy{way}, config: c.settings(name, map[string]any{
			"follow": map[string]any{"server": way.Addr(), "key": map[string]any{"file": filepath.Join(c.dir, name+".key")},
				"snapshot": filepath.Join(c.dir, name+".db")}})})
	}
}

// throughSocket has clients ask a server as its owner, who needs no key, and leads its gate to it.
func (c *cluster) throughSocket(i int, s *server) {
	_ = s.Conn.Close()
	s.key = c.ops
	s.Clients = apitest.Dial(c.t, "unix:"+filepath.Join(c.dir, fmt.Sprint("server-", i), "admin.sock"))
	c.gates[i].ways[0].Lead(c.t, s.grpc)
}

// startEdges starts the workers and gates, with keys that a server makes.
func (c *cluster) startEdges() {
	key := func(id string, role pb.Role) bearer {
		resp, err := c.server(0).Keys.AddKey(apitest.As(c.t.Context(), "chaos"), &pb.AddKeyRequest{KeyId: id, Role: role,
			ActsForOthers: role == pb.Role_ROLE_ADMIN})
		require.NoError(c.t, err)
		return bearer(resp.GetToken())
	}
	c.ops = key("ops", pb.Role_ROLE_ADMIN)
	for _, s := range c.servers {
		s.key = c.ops
	}
	c.dialler = key("pbx", pb.Role_ROLE_DIALLER)
	for _, g := range c.gates {
		require.NoError(c.t, os.WriteFile(filepath.Join(c.dir, g.name+".key"), []byte(key(g.name, pb.Role_ROLE_GATE)), 0o600))
		c.startEdge("gate", g)
	}
	for _, w := range c.workers {
		c.startEdge("worker", w)
	}
}

func (c *cluster) startEdge(command string, e *edge) {
	s, err := c.launch(command, e.config, grpc.WithPerRPCCredentials(c.dialler))
	if err != nil {
		c.fail("%s does not start: %v", e.name, err)
		return
	}
	c.mu.Lock()
	e.server = s
	c.mu.Unlock()
}

// edgeFault disturbs a worker or a gate.
func (c *cluster) edgeFault() {
	command, all := "worker", c.workers
	if c.rnd.IntN(3) == 0 {
		command, all = "gate", c.gates
	}
	e := all[c.rnd.IntN(len(all))]
	switch c.rnd.IntN(3) {
	case 0:
		c.faults[command+" killed"]++
		e.kill()
		c.moment(time.Second)
		c.startEdge(command, e)
	case 1:
		c.faults[command+" paused"]++
		pause(e.server, time.Duration(c.rnd.Int64N(int64(2*time.Second))))
	default:
		c.faults[command+" cut off"]++
		c.cut(e.ways[c.rnd.IntN(len(e.ways))])
	}
}

// askGate asks a gate about a number that was frozen: it may not know of it yet, and says so then.
func (c *cluster) askGate(rnd *rand.Rand) {
	number := c.frozen.some(rnd)
	before := c.frozen.get(number)
	if before == nil {
		return
	}
	c.mu.Lock()
	g := c.gates[rnd.IntN(len(c.gates))]
	s := g.server
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
	defer cancel()
	resp, err := s.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: number})
	switch {
	case err != nil: // it is dead, or paused
	case resp.GetAnswer().GetAllowed() && resp.GetAsOf().AsTime().After(before.at) && c.frozen.get(number) == before:
		c.fail("%s allows %s, which is frozen, and knows all until %s: %s", g.name, number, resp.GetAsOf().AsTime(), before.why)
	default:
		c.ack("checks at gates", 1)
	}
}

// verifyGates holds what gates know against what was acknowledged, once each has caught up.
func (c *cluster) verifyGates(ended time.Time) {
	for _, g := range c.gates {
		c.caughtUp(g.name, g.server, ended)
		c.allFrozen(g.server, c.frozen.snapshot())
		for _, line := range g.log.bad {
			c.fail("%s says %s", g.name, line)
		}
	}
}

// allHeard waits until workers have heard all that was uploaded. What died with them again and again may be parked.
func (c *cluster) allHeard(s *server) {
	require.Eventually(c.t, func() bool {
		return len(c.uploads.all(s, pb.Recording_STATE_QUEUED))+len(c.uploads.all(s, pb.Recording_STATE_RUNNING)) == 0
	}, 3*time.Minute, 200*time.Millisecond, "recordings are left unheard")
	for _, r := range c.uploads.all(s, pb.Recording_STATE_PARKED) {
		if r.GetError().GetReason() != "SERVER_STOPPED" {
			c.fail("%s is parked: %v", r.GetCallId(), r.GetError())
		}
	}
	for _, w := range c.workers {
		for _, line := range w.log.bad {
			c.fail("%s says %s", w.name, line)
		}
	}
}

func (c *cluster) stopEdges() {
	for _, e := range append(c.workers, c.gates...) {
		require.NoError(c.t, e.stop())
	}
}
