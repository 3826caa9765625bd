//go:build unix

package chaos_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/blob/s3test"
	"github.com/refrain-asr/refrain/internal/store/pgtest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

var clusterFlag = flag.Duration("chaos.cluster", 12*time.Second, "for how long a cluster is broken")

// cluster are two servers on one database and one bucket, each with ways of its own to both, and workers and gates.
type cluster struct {
	*world
	edges
	rnd      *rand.Rand
	pg       *pgtest.Mortal
	s3       *s3test.Gateway
	toPG     [2]*s3test.Proxy
	toS3     [2]*s3test.Proxy
	configs  [2]string
	mu       sync.Mutex
	servers  [2]*server
	turn     atomic.Uint64
	faults   map[string]int
	recorded *history
}

// Two servers, the workers that hear for them, gates, their database and their bucket are killed, paused and cut off
// while clients ask whichever answers: nothing acknowledged is lost or there twice, the last permitted attempt is given
// once, no gate allows what it knows to be frozen, and the ledger verifies.
func TestClusterChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: chaos takes its time")
	}
	seed := *seedFlag
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d; again: make chaos-cluster FOR=%s SEED=%d", seed, *clusterFlag, seed)
	c := newCluster(t, seed)
	var starting sync.WaitGroup
	for i := range c.servers { // at once, on a database without tables
		starting.Go(func() { c.start(i) })
	}
	starting.Wait()
	require.NotNil(t, c.servers[0])
	require.NotNil(t, c.servers[1])
	c.pick = func() *server {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.servers[c.turn.Add(1)%2]
	}
	c.startEdges()
	c.uploads.first()
	var clients sync.WaitGroup
	c.clients(&clients)
	end := time.Now().Add(*clusterFlag)
	for time.Now().Before(end) && len(c.violations()) == 0 {
		c.fault()
		c.progress()
	}
	close(c.quit)
	clients.Wait()
	c.verify()
	t.Logf("faults %v, acknowledged %v", c.faults, c.acks)
	if len(c.violations()) > 0 {
		t.Logf("%s\n%s", c.servers[0].log.text(), c.servers[1].log.text())
	}
	require.Empty(t, c.violations())
}

func newCluster(t *testing.T, seed uint64) *cluster {
	t.Helper()
	c := &cluster{world: newWorld(t, seed, t.TempDir()), pg: pgtest.NewMortal(t), s3: s3test.Start(t, true),
		faults: map[string]int{}}
	c.rnd = c.random(0)
	c.recorded = &history{world: c.world, done: map[string][]porcupine.Operation{}}
	key, credentials := filepath.Join(c.dir, "key"), filepath.Join(c.dir, "s3")
	keys, err := s3test.Credentials(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(credentials, keys, 0o600))
	require.NoError(t, os.WriteFile(key, fmt.Appendf(nil, "%064x\n", seed), 0o600))
	name := c.s3.NewBucket(t, true)
	for i := range c.configs {
		c.toPG[i], c.toS3[i] = s3test.Before(t, c.pg.Addr), s3test.Before(t, c.s3.Addr)
		of := fmt.Sprint("server-", i)
		c.configs[i] = c.settings(of, map[string]any{
			"data": filepath.Join(c.dir, of), "ledger": map[string]any{"key": map[string]any{"file": key}},
			"database": map[string]any{"url": c.pg.URL(c.toPG[i].Addr())},
			"audio":    map[string]any{"s3": c.bucket(c.toS3[i].Addr(), name, credentials)},
			"speech":   map[string]any{"engine": "workers"},
		})
	}
	c.prepareEdges(name, credentials)
	return c
}

// bucket are the settings of the bucket by a way to it.
func (c *cluster) bucket(at, name, credentials string) map[string]any {
	return map[string]any{"endpoint": "http://" + at, "bucket": name, "prefix": "refrain/", "region": s3test.Region,
		"credentials": map[string]any{"file": credentials}}
}

// start starts a server that must come up.
func (c *cluster) start(i int) {
	s, err := c.launch("serve", c.configs[i])
	if err != nil {
		c.fail("server %d does not start: %v", i, err)
		return
	}
	c.throughSocket(i, s)
	c.mu.Lock()
	c.servers[i] = s
	c.mu.Unlock()
	c.serve(s)
}

// launch starts a command by its settings, and waits until it is up. Clients reach it in the ways that are given.
func (c *cluster) launch(command, config string, dial ...grpc.DialOption) (*server, error) {
	cmd, err := refrain(context.Background(), 0, command, "--config", config)
	if err != nil {
		return nil, err
	}
	s, ready, err := launchCmd(c.t, cmd)
	if err != nil {
		return nil, err
	}
	s.dial = dial
	return s.up(c.t, ready)
}

func (c *cluster) server(i int) *server {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.servers[i]
}

// clients have the servers work, until the end.
func (c *cluster) clients(clients *sync.WaitGroup) {
	part := uint64(0)
	client := func(every time.Duration, do func(*rand.Rand)) {
		part++
		rnd := c.random(part)
		clients.Go(func() { c.work(rnd, every, func() { do(rnd) }) })
	}
	c.reports = append(c.reports, c.newReports(0))
	for i := range 2 {
		s := &source{reports: c.reports[0], name: fmt.Sprint("s", i), rnd: c.random(100 + uint64(i))}
		client(150*time.Millisecond, func(*rand.Rand) { s.once() })
		client(200*time.Millisecond, c.hands.once)
		client(200*time.Millisecond, c.recorded.once)
		client(50*time.Millisecond, func(rnd *rand.Rand) {
			if number := c.frozen.some(rnd); number != "" {
				c.refused(rnd, number)
			}
		})
	}
	client(50*time.Millisecond, c.askGate)
	client(300*time.Millisecond, c.recorded.turns)
	client(500*time.Millisecond, c.caps.reject)
	client(2*time.Second, c.uploads.once)
	client(500*time.Millisecond, c.reviews.once)
}

// progress waits until something was acknowledged: every fault hits servers at work.
func (c *cluster) progress() {
	goal, end := c.acked()+10, time.Now().Add(2*time.Minute)
	for c.acked() < goal && len(c.violations()) == 0 {
		for i := range c.servers {
			select {
			case <-c.server(i).gone:
				c.fail("server %d ended by itself: %v\n%s", i, c.server(i).failure, c.server(i).log.text())
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
		if time.Now().After(end) {
			c.fail("nothing is acknowledged any more\n%s\n%s", c.server(0).log.text(), c.server(1).log.text())
		}
	}
}

// moment passes up to so much time.
func (c *cluster) moment(d time.Duration) { <-time.After(time.Duration(c.rnd.Int64N(int64(d)))) }

// fault does one by chance.
func (c *cluster) fault() {
	i := c.rnd.IntN(2)
	switch k := c.rnd.IntN(26); {
	case k < 5:
		c.faults["server killed"]++
		c.server(i).kill()
		c.moment(time.Second)
		c.start(i)
	case k < 8:
		c.pause(i, time.Duration(c.rnd.Int64N(int64(2*time.Second))))
	case k < 9 && *clusterFlag > time.Minute: // it loses its place, and the lead where it has that
		c.pause(i, 25*time.Second)
	case k < 11:
		c.faults["database killed"]++
		require.NoError(c.t, c.pg.Kill())
	case k < 15:
		c.faults["database cut off"]++
		c.cut(c.toPG[i])
	case k < 17:
		c.faults["bucket cut off"]++
		c.cut(c.toS3[i])
	case k < 20:
		c.faults["bucket killed"]++
		c.s3.Stop()
		c.moment(time.Second)
		require.True(c.t, c.s3.Run(c.t, false))
	default:
		c.edgeFault()
	}
	c.moment(500 * time.Millisecond)
}

func (c *cluster) pause(i int, d time.Duration) {
	c.faults["server paused"]++
	pause(c.server(i), d)
}

func pause(s *server, d time.Duration) {
	s.signal(syscall.SIGSTOP)
	<-time.After(d)
	s.signal(syscall.SIGCONT)
}

func (c *cluster) cut(p *s3test.Proxy) {
	p.Down()
	c.moment(2 * time.Second)
	p.Up(c.t)
}

// verify holds what both servers know against what was acknowledged.
func (c *cluster) verify() {
	c.recorded.judge()
	began := time.Now()
	for i := range c.servers { // whoever is behind after a fault gets to know first
		c.caughtUp(fmt.Sprint("server ", i), c.server(i), began)
	}
	for i := range c.servers {
		s := c.server(i)
		c.allFrozen(s, c.frozen.snapshot())
		s.Sound(c.t)
		for _, line := range s.log.bad {
			c.fail("server %d says %s", i, line)
		}
	}
	s := c.server(int(c.turn.Load() % 2))
	c.reports[0].verify(c.t, s)
	c.hands.verify(s)
	c.caps.verify(s)
	c.reviews.verify(s)
	c.allHeard(s)
	c.uploaded(s)
	c.verifyGates(began)
	c.t.Logf("verified in %s", time.Since(began).Round(time.Millisecond))
	c.stopEdges()
	for i := range c.servers {
		require.NoError(c.t, c.server(i).stop())
	}
}

// caughtUp waits until a server or a gate knows all that happened before a moment.
func (c *cluster) caughtUp(name string, s *server, before time.Time) {
	require.Eventually(c.t, func() bool {
		resp, err := s.Gate.CheckNumber(c.t.Context(), &pb.CheckNumberRequest{Number: "13000000000"})
		return err == nil && resp.GetAsOf().AsTime().After(before)
	}, time.Minute, 50*time.Millisecond, "%s stays behind\n%s", name, s.log.text())
}

// uploaded holds the recordings against the model: each is there once, and its bytes.
func (c *cluster) uploaded(s *server) {
	there := map[string]*pb.Recording{}
	for _, r := range c.uploads.all(s, pb.Recording_STATE_UNSPECIFIED) {
		if there[r.GetCallId()] != nil || c.uploads.known[r.GetCallId()] == nil {
			c.fail("the recording of %s is there twice, or was never acknowledged", r.GetCallId())
		}
		there[r.GetCallId()] = r
	}
	for call, up := range c.uploads.known {
		r := there[call]
		if r == nil || r.GetName() != up.name {
			c.fail("the recording of %s is lost", call)
			continue
		}
		stream, err := s.Recordings.GetRecordingAudio(apitest.As(c.t.Context(), "chaos"), &pb.GetRecordingAudioRequest{Name: up.name})
		require.NoError(c.t, err)
		var file []byte
		for {
			part, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(c.t, err)
			file = append(file, part.GetChunk()...)
		}
		if apitest.Sum(file) != up.sum {
			c.fail("the audio of %s is another", call)
		}
	}
}
