package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Server is how a server is at a moment. What is below 0, or no time, is not known and not told.
type Server struct {
	Now time.Time
	// Suspects wait for a decision.
	Suspects float64
	// Free and Size are those of the disk that the data directory lies on; Database and WAL are
	// those of the database's files; in bytes.
	Free, Size, Database, WAL float64
	// Backup is when the last backup was made.
	Backup time.Time
	// CertEnds is when the server's certificate ends, and CertFails tells that its files hold what
	// can't be used. Without TLS there is neither.
	CertEnds  time.Time
	CertFails bool
}

// WatchServer adds how the server is, which is asked whenever somebody reads the metrics. To be
// called once.
func (m *Metrics) WatchServer(state func() Server) { m.registry.MustRegister(served{state}) }

type served struct{ state func() Server }

var serverDescs = struct{ clock, suspects, free, size, database, wal, backup, certEnds, certFails *prometheus.Desc }{
	clock:    desc("clock_seconds", "The time by the server's clock, in seconds since 1970."),
	suspects: desc("suspects_open", "Suspects that wait for a decision, claimed or not."),
	free:     desc("disk_free_bytes", "What is free on the disk that the data directory lies on."),
	size:     desc("disk_size_bytes", "How large the disk is that the data directory lies on."),
	database: desc("database_bytes", "How large the database's file is, without its write-ahead log."),
	wal:      desc("database_wal_bytes", "How large the database's write-ahead log is."),
	backup: desc("last_backup_seconds", "When the file last-backup in the data directory was touched, "+
		"in seconds since 1970; 0 for never."),
	certEnds: desc("tls_certificate_ends_seconds", "When the server's certificate ends, in seconds since 1970."),
	certFails: desc("tls_certificate_failing", "1 while the files of tls hold what can't be used, and the "+
		"certificate of before goes on."),
}

func desc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("refrain_"+name, help, nil, nil)
}

// Describe implements prometheus.Collector.
func (served) Describe(ch chan<- *prometheus.Desc) {
	d := serverDescs
	for _, one := range []*prometheus.Desc{d.clock, d.suspects, d.free, d.size, d.database, d.wal, d.backup,
		d.certEnds, d.certFails} {
		ch <- one
	}
}

// Collect implements prometheus.Collector.
func (c served) Collect(ch chan<- prometheus.Metric) {
	s, d := c.state(), serverDescs
	gauge := func(d *prometheus.Desc, v float64) {
		if v >= 0 {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
		}
	}
	gauge(d.clock, float64(s.Now.UnixMilli())/1000)
	gauge(d.suspects, s.Suspects)
	gauge(d.free, s.Free)
	gauge(d.size, s.Size)
	gauge(d.database, s.Database)
	gauge(d.wal, s.WAL)
	var backup float64
	if !s.Backup.IsZero() {
		backup = float64(s.Backup.Unix())
	}
	gauge(d.backup, backup)
	if s.CertEnds.IsZero() {
		return
	}
	gauge(d.certEnds, float64(s.CertEnds.Unix()))
	fails := 0.0
	if s.CertFails {
		fails = 1
	}
	gauge(d.certFails, fails)
}

// Heard counts a recording that was heard: how long it is, and how long that took.
func (m *Metrics) Heard(audio, took time.Duration) {
	m.heard.Add(audio.Seconds())
	m.hearing.Add(took.Seconds())
}

// GateTook counts how long the gate took for an answer, by the method that was called.
func (m *Metrics) GateTook(method string, took time.Duration) {
	m.gate.WithLabelValues(method).Observe(took.Seconds())
}

// gateBuckets are from a check in memory to what a dialler waits for at most.
var gateBuckets = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1}
