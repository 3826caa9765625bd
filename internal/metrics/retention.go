package metrics

import "github.com/prometheus/client_golang/prometheus"

// erasing counts what was erased.
type erasing struct {
	rows, bytes *prometheus.CounterVec
	failed      prometheus.Counter
	last        prometheus.Gauge
	unscrubbed  prometheus.Gauge
}

func newErasing(counter func(name, help string, labels ...string) *prometheus.CounterVec, r *prometheus.Registry) erasing {
	e := erasing{
		rows: counter("retention_erased_total", "What was erased because it was over, by kind, and people "+
			"who were erased.", "kind"),
		bytes: counter("retention_erased_bytes_total", "How much audio and text that was, in bytes.", "kind"),
		failed: counter("retention_failures_total", "Runs that could not erase what is over.").
			WithLabelValues(),
		last: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "refrain", Name: "retention_last_run_seconds",
			Help: "When all that was over had been erased last, in seconds since 1970; 0 for not yet."}),
		unscrubbed: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "refrain", Name: "retention_unscrubbed",
			Help: "1 while what is left of people who were erased, on pages of the database that nobody reads, " +
				"could not be overwritten."}),
	}
	r.MustRegister(e.last, e.unscrubbed)
	return e
}

// Erased counts what was erased of a kind.
func (m *Metrics) Erased(kind string, rows, bytes int64) {
	m.erasing.rows.WithLabelValues(kind).Add(float64(rows))
	m.erasing.bytes.WithLabelValues(kind).Add(float64(bytes))
}

// Scrubbed notes whether what was left of people who were erased could be overwritten.
func (m *Metrics) Scrubbed(done bool) {
	m.erasing.unscrubbed.Set(1)
	if done {
		m.erasing.unscrubbed.Set(0)
	}
}

// RetentionRan notes a run that ended at a time, in seconds since 1970, or failed.
func (m *Metrics) RetentionRan(at float64, failed bool) {
	if failed {
		m.erasing.failed.Inc()
		return
	}
	m.erasing.last.Set(at)
}
