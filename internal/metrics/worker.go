package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Worker counts what a worker does, under the names that a server has for the same.
type Worker struct {
	registry              *prometheus.Registry
	heard, hearing, given prometheus.Counter
}

// NewWorker makes one. The queue, which all workers share, and whether servers want such a worker are asked for
// whenever somebody reads the metrics.
func NewWorker(queue QueueOf, wanted func() bool) *Worker {
	w := &Worker{registry: prometheus.NewRegistry()}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "refrain", Name: name, Help: help})
		w.registry.MustRegister(c)
		return c
	}
	w.heard = counter("heard_audio_seconds_total", heardHelp)
	w.hearing = counter("hearing_seconds_total", hearingHelp)
	w.given = counter("worker_handed_over_total", "Recordings that this worker heard and handed over to be judged.")
	w.registry.MustRegister(queued{queue}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "refrain", Name: "worker_wanted",
			Help: "1 where the servers want workers of this model and version, and else 0: then it takes nothing."},
			func() float64 {
				if wanted() {
					return 1
				}
				return 0
			}))
	return w
}

// Handler serves the metrics in Prometheus's text format.
func (w *Worker) Handler() http.Handler {
	return promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{Registry: w.registry})
}

// Heard counts a recording that was heard: how long it is, and how long that took.
func (w *Worker) Heard(audio, took time.Duration) {
	w.heard.Add(audio.Seconds())
	w.hearing.Add(took.Seconds())
}

// HandedOver counts a recording that was handed over.
func (w *Worker) HandedOver() { w.given.Inc() }
