package metrics

import (
	"cmp"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
)

// maxPlaces bounds how many pairs of source and line are counted apart: they come from
// outside, and each is kept as long as the server runs. The rest count as "other".
const maxPlaces = 1000

// place is where a recording comes from; line is "" where no report of its call says it.
type place struct{ source, line string }

// places are those that are counted apart.
type places struct {
	mu    sync.Mutex
	known map[place]bool
}

func (p *places) of(r recording.Recording) place {
	at := place{number.MaskName(r.Source), number.MaskName(r.Line)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.known[at] {
		if len(p.known) >= maxPlaces {
			return place{"other", "other"}
		}
		if p.known == nil {
			p.known = map[place]bool{}
		}
		p.known[at] = true
	}
	return at
}

// Judged counts a recording that was judged, who answered, and what is wrong with it.
func (m *Metrics) Judged(r recording.Recording, by keywords.Answerer) {
	at := m.places.of(r)
	m.judged.WithLabelValues(at.source, at.line).Inc()
	m.answered.WithLabelValues(at.source, at.line, cmp.Or(string(by), "unknown")).Inc()
	for _, d := range r.Defects().All() {
		m.defects.WithLabelValues(at.source, at.line, string(d)).Inc()
	}
}

// AlarmsOf tells the sources whose recordings have broken, and all that are watched.
type AlarmsOf func() (standing []recording.Alarm, watched []string)

// alarming tells the alarms that stand.
type alarming struct{ alarms AlarmsOf }

var alarmDesc = prometheus.NewDesc("refrain_source_alarm", "1 where the recordings of a source "+
	"have broken: their customers can't be heard or the sides are swapped; else 0.",
	[]string{"source"}, nil)

// Describe implements prometheus.Collector.
func (alarming) Describe(ch chan<- *prometheus.Desc) { ch <- alarmDesc }

// Collect implements prometheus.Collector.
func (a alarming) Collect(ch chan<- prometheus.Metric) {
	standing, watched := a.alarms()
	raised := map[string]float64{}
	for _, s := range standing {
		raised[number.MaskName(s.Source)] = 1
	}
	told := map[string]bool{} // two sources may look alike
	for _, source := range watched {
		if source = number.MaskName(source); told[source] {
			continue
		}
		told[source] = true
		ch <- prometheus.MustNewConstMetric(alarmDesc, prometheus.GaugeValue, raised[source], source)
	}
}
