package ffmpeg

import (
	"strconv"
	"time"
)

// limits are what one run may take.
type limits struct {
	memory  uint64        // bytes of address space
	silence time.Duration // without giving anything
	cpu     time.Duration // of the processors, and perByte for each byte of the file
	perByte time.Duration
	most    time.Duration // of the processors, whatever the size
}

// usual leaves room for the libraries, which alone take 0.3 GB of address space, and time
// for a machine that is busy: a minute of MP3 takes some 20 ms.
var usual = limits{memory: 1 << 30, silence: time.Minute, cpu: 30 * time.Second,
	perByte: 15 * time.Microsecond, most: 10 * time.Minute}

// of are the limits for a file of that size.
func (l limits) of(size int64) limits {
	l.cpu = min(l.most, l.cpu+time.Duration(size)*l.perByte)
	return l
}

// shell sets limits on itself and becomes the program that its arguments name: what has its
// limits before its first instruction can't escape them. It may write no file at all. A
// limit that can't be set is lower already.
const shell = `{ ulimit -c 0; ulimit -f 0; ulimit -t "$1"; ulimit -v "$2"; } 2>/dev/null
shift 2
exec "$@"`

// command is what runs the program within the limits.
func (l limits) command(program string, args []string) (string, []string) {
	seconds := strconv.FormatInt(int64(max(1, l.cpu/time.Second)), 10)
	kib := strconv.FormatUint(l.memory>>10, 10)
	return "/bin/sh", append([]string{"-c", shell, "sh", seconds, kib, program}, args...)
}
