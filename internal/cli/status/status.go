package status

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/output"
	"github.com/refrain-asr/refrain/internal/cli/usage"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const help = `Show how a server is and what it has to do: its version, model and lexicon, what waits
to be heard with each priority and since when, what was given up and why, how many
suspects wait for a reviewer, how fast recordings are heard, and how much room there is.`

// Line is the status as JSON.
type Line struct {
	Version   string    `json:"version"`
	Model     string    `json:"model"`
	Lexicon   string    `json:"lexicon"`
	StartedAt *string   `json:"started_at"`
	Uptime    float64   `json:"uptime_seconds"`
	Waiting   []waiting `json:"waiting"`
	Running   int64     `json:"running"`
	Parked    []parked  `json:"parked"`
	Suspects  int64     `json:"open_suspects"`
	// Speech and Disk are null where the server tells nothing of them.
	Speech *speech `json:"speech"`
	Disk   *room   `json:"disk"`
	// NotReady is why the server does not serve a purpose (intake, gate, review); empty where it
	// serves all.
	NotReady map[string]string `json:"not_ready"`
}

type waiting struct {
	Priority string  `json:"priority"`
	Count    int64   `json:"count"`
	Audio    float64 `json:"audio_hours"`
	// Oldest is for how long the oldest has been there; null where none waits.
	Oldest *float64 `json:"oldest_seconds"`
}

type parked struct {
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

// speech is how fast recordings are heard: seconds of them in a second, of the last hour and since the start.
type speech struct {
	LastHour float64 `json:"audio_hours_last_hour"`
	Audio    float64 `json:"audio_hours"`
	SpeedNow float64 `json:"speed_last_hour"`
	Speed    float64 `json:"speed"`
	// Factor is how long an attempt takes for each second of its recording; null where none ended.
	Factor *float64 `json:"real_time_factor"`
}

// room is what there is on the disk of the data directory; free and size are 0 where the server can't tell.
type room struct {
	Free     int64 `json:"free_bytes"`
	Size     int64 `json:"size_bytes"`
	Audio    int64 `json:"audio_bytes"`
	Database int64 `json:"database_bytes"`
}

func newSpeech(s *pb.GetStatusResponse_Speech) *speech {
	if s == nil {
		return nil
	}
	out := &speech{LastHour: output.Rounded(s.GetHeardLastHour().AsDuration().Hours(), 3),
		Audio:    output.Rounded(s.GetHeard().AsDuration().Hours(), 3),
		SpeedNow: output.Rounded(s.GetSpeedLastHour(), 3), Speed: output.Rounded(s.GetSpeed(), 3)}
	if s.RealTimeFactor != nil {
		out.Factor = new(output.Ratio(s.GetRealTimeFactor()))
	}
	return out
}

func newRoom(d *pb.GetStatusResponse_Disk) *room {
	if d == nil {
		return nil
	}
	return &room{d.GetFreeBytes(), d.GetSizeBytes(), d.GetAudioBytes(), d.GetDatabaseBytes()}
}

// New makes refrain status.
func New(c *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "Show how a server is and what it has to do", Long: help,
		Args:    usage.NoArgs,
		Example: "  refrain status\n  refrain status --format json",
	}
	flags, format := client.AddFlags(c, cmd), output.FormatFlag(cmd)
	cmd.RunE = c.Action(func(cmd *cobra.Command, _ []string) error {
		return flags.With(func(cl *client.Client) error {
			resp, err := cl.Status.GetStatus(cmd.Context(), &pb.GetStatusRequest{})
			if err != nil {
				return err
			}
			if *format == output.JSON {
				return c.JSON(newLine(resp))
			}
			return printText(c, newLine(resp))
		})
	})
	return cmd
}

func newLine(s *pb.GetStatusResponse) Line {
	l := Line{
		Version: s.GetVersion(), Model: s.GetModel(), Lexicon: s.GetLexicon(),
		StartedAt: output.JSONTime(s.GetStartTime()),
		Uptime:    output.Seconds(s.GetUptime().AsDuration()),
		Running:   s.GetRunningCount(), Suspects: s.GetOpenSuspectCount(),
		Waiting: make([]waiting, len(s.GetWaiting())), Parked: make([]parked, len(s.GetParked())),
		NotReady: map[string]string{}, Speech: newSpeech(s.GetSpeech()), Disk: newRoom(s.GetDisk()),
	}
	for _, r := range s.GetReadiness() {
		if !r.GetReady() {
			l.NotReady[r.GetPurpose()] = r.GetReason()
		}
	}
	for i, w := range s.GetWaiting() {
		l.Waiting[i] = waiting{Priority: output.EnumName(w.GetPriority(), "PRIORITY_"),
			Count: w.GetCount(), Audio: output.Rounded(w.GetAudio().AsDuration().Hours(), 3)}
		if w.GetOldestAge() != nil {
			age := output.Seconds(w.GetOldestAge().AsDuration())
			l.Waiting[i].Oldest = &age
		}
	}
	for i, p := range s.GetParked() {
		l.Parked[i] = parked{p.GetReason(), p.GetCount()}
	}
	return l
}

func printText(c *console.Console, l Line) error {
	var t output.Table
	t.Add("version", l.Version)
	t.Add("model", l.Model)
	t.Add("lexicon", l.Lexicon)
	t.Add("up for", spanText(l.Uptime))
	for _, purpose := range slices.Sorted(maps.Keys(l.NotReady)) {
		t.Add("not ready, "+purpose, l.NotReady[purpose])
	}
	for _, w := range l.Waiting {
		text := strconv.FormatInt(w.Count, 10)
		if w.Oldest != nil {
			text += fmt.Sprintf(", %.1f h of audio, the oldest for %s", w.Audio, spanText(*w.Oldest))
		}
		t.Add("waiting, "+w.Priority, text)
	}
	t.Add("being heard", strconv.FormatInt(l.Running, 10))
	for _, p := range l.Parked {
		t.Add("parked, "+p.Reason, strconv.FormatInt(p.Count, 10))
	}
	t.Add("open suspects", strconv.FormatInt(l.Suspects, 10))
	if l.Speech != nil {
		t.Add("heard in the last hour", fmt.Sprintf("%.1f h of audio, %.1f times as fast as spoken", l.Speech.LastHour,
			l.Speech.SpeedNow))
	}
	if l.Disk != nil {
		t.Add("disk", fmt.Sprintf("%s free of %s; recordings %s, database %s", gigabytes(l.Disk.Free), gigabytes(l.Disk.Size),
			gigabytes(l.Disk.Audio), gigabytes(l.Disk.Database)))
	}
	return t.Write(c.Out)
}

func gigabytes(n int64) string { return fmt.Sprintf("%.1f GB", float64(n)/1e9) }

// spanText is a span for people, to the second.
func spanText(seconds float64) string { return output.Duration(seconds).Round(time.Second).String() }
