package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/freeze"
	"github.com/refrain-asr/refrain/gate"
	"github.com/refrain-asr/refrain/number"
)

// Metrics are the counters of one server. They are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	answers  map[gate.Reason]prometheus.Counter
	invalid  prometheus.Counter
	reports  map[calls.Status]prometheus.Counter
	refused  prometheus.Counter
	limited  *prometheus.CounterVec
	fired    *prometheus.CounterVec
	opened   *prometheus.CounterVec
	ended    *prometheus.CounterVec
	failing  *prometheus.CounterVec
	judged   *prometheus.CounterVec
	defects  *prometheus.CounterVec
	answered *prometheus.CounterVec
	heard    prometheus.Counter
	hearing  prometheus.Counter
	gate     *prometheus.HistogramVec
	places   places
	erasing  erasing
}

// New makes the counters. Active tells how many freezes stand, by reason; it is asked
// whenever somebody reads the metrics, and so is alarms.
func New(active func() map[freeze.Reason]int, alarms AlarmsOf) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), answers: map[gate.Reason]prometheus.Counter{},
		reports: map[calls.Status]prometheus.Counter{}}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "refrain", Name: name,
			Help: help}, labels)
		m.registry.MustRegister(v)
		return v
	}
	checks := counter("checks_total", "Numbers that the gate was asked about, by the answer's "+
		"reason.", "reason")
	for _, r := range gate.Reasons() {
		m.answers[r] = checks.WithLabelValues(string(r))
	}
	m.invalid = checks.WithLabelValues("invalid_number")
	reports := counter("call_reports_total", "Reports of calls, by what became of them.", "status")
	for _, s := range []calls.Status{calls.Created, calls.Updated, calls.Unchanged, calls.Stale} {
		m.reports[s] = reports.WithLabelValues(string(s))
	}
	m.refused = reports.WithLabelValues("refused")
	m.fired = counter("rules_fired_total", "Freezes that rules opened.", "rule")
	m.opened = counter("freezes_opened_total", "Freezes opened, by reason.", "reason")
	m.ended = counter("freezes_released_total", "Freezes ended before their time, by cause.",
		"cause")
	m.failing = counter("line_failing_reports_total", "Reports of calls on a line that looks "+
		"like a failing trunk.", "line")
	m.judged = counter("recordings_judged_total", "Recordings that were transcribed and judged.",
		"source", "line")
	m.defects = counter("recording_defects_total", "Recordings that were judged with something "+
		"wrong with them, by what that is.", "source", "line", "defect")
	m.answered = counter("recordings_answered_total", "Recordings that were judged, by who or "+
		"what answered: human, announcement, voicemail, assistant, music, nobody, unknown.",
		"source", "line", "answered_by")
	m.heard = counter("heard_audio_seconds_total", heardHelp).WithLabelValues()
	m.hearing = counter("hearing_seconds_total", hearingHelp).WithLabelValues()
	m.limited = counter("limited_total", "What was refused or closed because of a limit, by which: calls, "+
		"connections, memory, message, stalled, uploads.", "limit")
	m.erasing = newErasing(counter, m.registry)
	m.gate = prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "refrain",
		Name: "gate_seconds", Help: "How long the gate took for an answer.", Buckets: gateBuckets},
		[]string{"method"})
	m.registry.MustRegister(m.gate)
	m.registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), standing{active},
		alarming{alarms})
	return m
}

const (
	heardHelp = "How long the recordings are that were heard: its rate is how many times as fast as spoken it hears."

	hearingHelp = "How long hearing them took, each from its beginning to its end; several are heard at once."
)

// Handler serves the metrics in Prometheus's text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Answered counts answers of the gate.
func (m *Metrics) Answered(r gate.Reason, n int) {
	if c, ok := m.answers[r]; ok {
		c.Add(float64(n))
	}
}

// Invalid counts numbers that could not be understood.
func (m *Metrics) Invalid(n int) { m.invalid.Add(float64(n)) }

// Reported counts a report; status is "" where it was refused.
func (m *Metrics) Reported(s calls.Status) {
	if c, ok := m.reports[s]; ok {
		c.Inc()
		return
	}
	m.refused.Inc()
}

// Limited counts what was refused or closed because of a limit.
func (m *Metrics) Limited(by string) { m.limited.WithLabelValues(by).Inc() }

// Untrusted counts a report of a call on a failing line.
func (m *Metrics) Untrusted(line string) { m.failing.WithLabelValues(number.MaskName(line)).Inc() }

// Opened counts a freeze that is new.
func (m *Metrics) Opened(f freeze.Freeze) {
	m.opened.WithLabelValues(string(f.Reason)).Inc()
	if f.Rule != "" {
		m.fired.WithLabelValues(f.Rule).Inc()
	}
}

// Released counts a freeze that was ended before its time.
func (m *Metrics) Released(c freeze.Cause) { m.ended.WithLabelValues(string(c)).Inc() }

// standing tells the number of freezes that stand.
type standing struct{ active func() map[freeze.Reason]int }

var standingDesc = prometheus.NewDesc("refrain_freezes_active", "Freezes that stand, by reason.",
	[]string{"reason"}, nil)

// Describe implements prometheus.Collector.
func (s standing) Describe(ch chan<- *prometheus.Desc) { ch <- standingDesc }

// Collect implements prometheus.Collector.
func (s standing) Collect(ch chan<- prometheus.Metric) {
	for reason, n := range s.active() {
		ch <- prometheus.MustNewConstMetric(standingDesc, prometheus.GaugeValue, float64(n),
			string(reason))
	}
}
