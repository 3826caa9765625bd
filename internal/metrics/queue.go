package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/refrain-asr/refrain/recording"
)

// QueueOf tells what waits at a moment; ok is false where that can't be told.
type QueueOf func() (q recording.Queue, now time.Time, ok bool)

// WatchQueue adds what waits, what is being heard and what was given up. The queue is asked for
// whenever somebody reads the metrics. To be called once.
func (m *Metrics) WatchQueue(queue QueueOf) { m.registry.MustRegister(queued{queue}) }

// queued tells what waits.
type queued struct{ queue QueueOf }

var (
	waitingDesc = prometheus.NewDesc("refrain_recordings_waiting",
		"Recordings that are queued, by priority: live, backlog, rejudge.", []string{"priority"}, nil)
	waitingAudioDesc = prometheus.NewDesc("refrain_recordings_waiting_audio_seconds",
		"How long the queued recordings are together.", []string{"priority"}, nil)
	waitingAgeDesc = prometheus.NewDesc("refrain_recordings_waiting_oldest_seconds",
		"For how long the oldest queued recording has been there; 0 where none waits.",
		[]string{"priority"}, nil)
	runningDesc = prometheus.NewDesc("refrain_recordings_running",
		"Recordings that are being heard.", nil, nil)
	parkedDesc = prometheus.NewDesc("refrain_recordings_parked",
		"Recordings that were given up, by reason: see refrain recording retry.",
		[]string{"reason"}, nil)
)

// Describe implements prometheus.Collector.
func (queued) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{waitingDesc, waitingAudioDesc, waitingAgeDesc, runningDesc,
		parkedDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c queued) Collect(ch chan<- prometheus.Metric) {
	q, now, ok := c.queue()
	if !ok { // the other metrics are worth reading all the same
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, w := range q.Waiting {
		p := w.Priority.String()
		gauge(waitingDesc, float64(w.Count), p)
		gauge(waitingAudioDesc, w.Audio.Seconds(), p)
		gauge(waitingAgeDesc, w.Age(now).Seconds(), p)
	}
	gauge(runningDesc, float64(q.Running))
	for reason, n := range q.Parked {
		gauge(parkedDesc, float64(n), reason)
	}
}
