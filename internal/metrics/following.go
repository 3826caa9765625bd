package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Following is how a gate follows its server.
type Following struct {
	// Loaded tells that it knows anything, Connected that it follows, SnapshotFails that what it knows can't be
	// kept on disk.
	Loaded, Connected, SnapshotFails bool
	Lag, Offset                      time.Duration
	Sequence                         int64
	// Snapshots counts how often all was told anew.
	Snapshots int
}

// WatchFollowing adds how a gate follows its server, which is asked for whenever somebody reads the metrics. To be
// called once.
func (m *Metrics) WatchFollowing(state func() Following) { m.registry.MustRegister(following{state}) }

type following struct{ state func() Following }

var followingDescs = struct{ lag, loaded, connected, seq, offset, snapshots, fails *prometheus.Desc }{
	lag:       desc("gate_lag_seconds", "How long ago the gate knew all that had happened at its server."),
	loaded:    desc("gate_loaded", "1 where the gate knows anything, of its server or of its snapshot."),
	connected: desc("gate_connected", "1 while the gate follows its server."),
	seq:       desc("gate_feed_sequence", "The number of the last change at the server that the gate knows."),
	offset:    desc("gate_clock_offset_seconds", "By how much the server's clock is ahead of the gate's."),
	snapshots: desc("gate_snapshots_total", "How often the server told the gate all that stands anew."),
	fails:     desc("gate_snapshot_failing", "1 while what the gate knows can't be kept on disk."),
}

// Describe implements prometheus.Collector.
func (following) Describe(ch chan<- *prometheus.Desc) {
	d := followingDescs
	for _, one := range []*prometheus.Desc{d.lag, d.loaded, d.connected, d.seq, d.offset, d.snapshots, d.fails} {
		ch <- one
	}
}

// Collect implements prometheus.Collector.
func (c following) Collect(ch chan<- prometheus.Metric) {
	s, d := c.state(), followingDescs
	gauge := func(d *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	flag := func(d *prometheus.Desc, is bool) {
		v := 0.0
		if is {
			v = 1
		}
		gauge(d, v)
	}
	flag(d.loaded, s.Loaded)
	flag(d.connected, s.Connected)
	flag(d.fails, s.SnapshotFails)
	if s.Loaded {
		gauge(d.lag, s.Lag.Seconds())
		gauge(d.seq, float64(s.Sequence))
		gauge(d.offset, s.Offset.Seconds())
	}
	ch <- prometheus.MustNewConstMetric(d.snapshots, prometheus.CounterValue, float64(s.Snapshots))
}
