package ffmpeg

import (
	"bytes"
	"cmp"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// log keeps the beginning of what ffmpeg says, each line with its level. It is read once
// ffmpeg is gone.
type log struct{ text bytes.Buffer }

const longestLog = 16 << 10

// Write implements io.Writer; it takes everything.
func (l *log) Write(p []byte) (int, error) {
	l.text.Write(p[:min(len(p), longestLog-l.text.Len())])
	return len(p), nil
}

var (
	// mistake is a line that says what is wrong, perhaps after the name and address of the
	// part of ffmpeg that speaks.
	mistake = regexp.MustCompile(`(?m)^(?:\[[^\]]* @ 0x[0-9a-f]+\] *)?\[(?:error|fatal|panic)\] (.*)$`)
	claim   = regexp.MustCompile(`(?m)^(?:\[info\])? *Duration: (\d+):(\d\d):(\d\d)\.(\d\d),`)
	// guessed stands where a duration was reckoned from the first frames' size.
	guessed = "Estimating duration from bitrate"
)

// mistake is the first thing that is wrong, or else the last that was said, for people.
func (l *log) mistake() string {
	text := strings.TrimSpace(l.text.String())
	line := text[strings.LastIndexByte(text, '\n')+1:]
	if m := mistake.FindStringSubmatch(text); m != nil {
		line = m[1]
	}
	line = strings.TrimSpace(strings.ReplaceAll(line, "file:"+descriptor, "the file"))
	return strings.ToValidUTF8(cmp.Or(line, "nothing"), "?")
}

// duration is how long the file claims to be, 0 where it claims nothing.
func (l *log) duration() time.Duration {
	m := claim.FindStringSubmatch(l.text.String())
	if m == nil || strings.Contains(l.text.String(), guessed) {
		return 0
	}
	var d time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second, time.Second / 100} {
		n, _ := strconv.Atoi(m[i+1]) // digits, and few
		d += time.Duration(n) * unit
	}
	return d
}
