package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ClockSteps counts by how many steps the clock was set.
type ClockSteps struct{ Forward, Back int }

// Clock is how the system's clock is doing.
type Clock struct {
	Steps ClockSteps
	// Behind is by how much it is behind the ledger's last entry, 0 where it isn't.
	Behind time.Duration
}

// WatchClock adds how the clock is doing, which is asked for whenever somebody reads the
// metrics. To be called once.
func (m *Metrics) WatchClock(state func() Clock) { m.registry.MustRegister(clock{state}) }

type clock struct{ state func() Clock }

var (
	stepsDesc = prometheus.NewDesc("refrain_clock_steps_total",
		"How often the system's clock was set by more than 5 s, by direction: forward, back.",
		[]string{"direction"}, nil)
	behindDesc = prometheus.NewDesc("refrain_clock_behind_ledger_seconds",
		"By how much the system's clock is behind the ledger's last entry; 0 where it isn't.", nil, nil)
)

// Describe implements prometheus.Collector.
func (clock) Describe(ch chan<- *prometheus.Desc) {
	ch <- stepsDesc
	ch <- behindDesc
}

// Collect implements prometheus.Collector.
func (c clock) Collect(ch chan<- prometheus.Metric) {
	s := c.state()
	for direction, n := range map[string]int{"forward": s.Steps.Forward, "back": s.Steps.Back} {
		ch <- prometheus.MustNewConstMetric(stepsDesc, prometheus.CounterValue, float64(n), direction)
	}
	ch <- prometheus.MustNewConstMetric(behindDesc, prometheus.GaugeValue, s.Behind.Seconds())
}
