package batch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/internal/cli/output"
)

// Summary is what a run did, as JSON.
type Summary struct {
	Counts
	// AudioHours were heard in Seconds, RealTimeFactor times as fast as they were spoken.
	AudioHours     float64 `json:"audio_hours"`
	Seconds        float64 `json:"seconds"`
	RealTimeFactor float64 `json:"real_time_factor"`
	// Windows are the encoder's, and how many for an hour of audio.
	Windows        int64   `json:"windows"`
	WindowsPerHour float64 `json:"windows_per_hour"`
	// Time is where it went, in seconds summed over what ran side by side.
	Time TimeSpent `json:"time"`
}

// TimeSpent is where a run's time went: reading is decoding and finding sounds, voices telling voices
// from other sounds, encoder recognising words, which waits for a processor, too.
type TimeSpent struct {
	Reading float64 `json:"reading"`
	Voices  float64 `json:"voices"`
	Encoder float64 `json:"encoder"`
}

func (b *batch) newSummary() Summary {
	s := b.sums
	audio, factor := s.times()
	s.NotAudio = b.source.notAudio()
	meter := b.hearer.Meter
	voices := meter.Voices()
	sum := Summary{Counts: s.Counts, AudioHours: output.Rounded(audio.Hours(), 4),
		Seconds: output.Seconds(b.Now().Sub(s.begun)), RealTimeFactor: output.Rounded(factor, 2), Windows: meter.Windows(),
		Time: TimeSpent{Reading: output.Seconds(max(0, s.reading-voices)), Voices: output.Seconds(voices),
			Encoder: output.Seconds(meter.Encoder())}}
	if audio > 0 {
		sum.WindowsPerHour = output.Rounded(float64(sum.Windows)/audio.Hours(), 1)
	}
	return sum
}

// summary tells what was done.
func (b *batch) summary() error {
	s := b.newSummary()
	if *b.o.format == output.JSON {
		return b.JSON(s)
	}
	return b.Println(s.text()...)
}

func (s Summary) text() []string {
	lines := []string{fmt.Sprintf("%d calls: %d heard, %d judged anew, %d kept from before; %d files were no audio", s.Calls,
		s.Heard, s.Rejudged, s.Kept, s.NotAudio)}
	lines = append(lines, fmt.Sprintf("%d suspects%s", s.Suspects, counted(": ", s.Classes)))
	for _, part := range []struct {
		what   string
		counts map[string]int
	}{{"answered by ", s.AnsweredBy}, {"defects: ", s.Defects}, {"errors: ", s.Errors}} {
		if len(part.counts) > 0 {
			lines = append(lines, counted(part.what, part.counts))
		}
	}
	if s.Unnamed > 0 {
		lines = append(lines, fmt.Sprintf("%d names did not tell what they should", s.Unnamed))
	}
	if s.Heard > 0 {
		lines = append(lines, fmt.Sprintf("%.2f hours of audio in %v, %.1f times as fast as it was spoken; %d windows, %.0f an hour",
			s.AudioHours, output.Duration(s.Seconds).Round(time.Second), s.RealTimeFactor, s.Windows, s.WindowsPerHour),
			s.Time.text())
	}
	return lines
}

func (t TimeSpent) text() string {
	all := t.Reading + t.Voices + t.Encoder
	if all == 0 {
		return "no time was measured"
	}
	share := func(v float64) int { return int(100*v/all + 0.5) }
	return fmt.Sprintf("time: %d %% reading, %d %% finding voices, %d %% recognising words", share(t.Reading),
		share(t.Voices), share(t.Encoder))
}

// counted lists counts, the largest first.
func counted(before string, counts map[string]int) string {
	if len(counts) == 0 {
		return ""
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, counts[name])
	}
	return before + strings.Join(names, ", ")
}
