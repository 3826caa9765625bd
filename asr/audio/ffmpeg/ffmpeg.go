package ffmpeg

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/refrain-asr/refrain/asr/audio"
)

// Settings of Find besides a program's path.
const (
	// Auto takes the ffmpeg that is on the PATH, or none.
	Auto = "auto"
	// Off decodes nothing.
	Off = "off"
)

// Decoder decodes with ffmpeg. It implements audio.Decoder.
type Decoder struct {
	path   string
	limits limits
}

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

// Find finds ffmpeg as configured: Auto (or ""), Off, or the program's path. It gives nil
// where there is none. The error says that the program named isn't one.
func Find(setting string) (audio.Decoder, error) {
	name := setting
	switch setting {
	case Off:
		return nil, nil
	case Auto, "":
		name = "ffmpeg"
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return &Decoder{path: path, limits: usual}, nil
	}
	if name != setting {
		return nil, nil // there is none, which is no mistake
	}
	return nil, fmt.Errorf("ffmpeg: %w; name the program, or say auto or off", err)
}

// Decode implements audio.Decoder.
func (d *Decoder) Decode(
	ctx context.Context, file *os.File, f audio.Foreign,
) (audio.Decoded, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("ffmpeg: %w", err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("ffmpeg: %w", err)
	}
	r := &run{ctx: ctx, format: f, out: out, silence: d.limits.silence, done: make(chan struct{})}
	r.cmd = exec.Command(d.path, arguments(f.Demuxer)...) //nolint:gosec,noctx // as configured; killed
	r.cmd.Env = environment()
	r.cmd.Stdout, r.cmd.Stderr, r.cmd.ExtraFiles = in, &r.log, []*os.File{file}
	r.cmd.SysProcAttr, r.cmd.WaitDelay = ownGroup(), d.limits.silence
	err = r.start(d.limits.of(info.Size()))
	_ = in.Close() // the child has its own
	if err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("ffmpeg: can't start %s: %w", d.path, err)
	}
	return r, nil
}

// of are the limits for a file of that size.
func (l limits) of(size int64) limits {
	l.cpu = min(l.most, l.cpu+time.Duration(size)*l.perByte)
	return l
}

// arguments decode descriptor 3 to a WAV stream, with all channels and at its own rate.
// What is not sound isn't looked at: subtitles, pictures, data.
func arguments(demuxer string) []string {
	return []string{"-hide_banner", "-nostdin", "-nostats", "-v", "level+info",
		"-protocol_whitelist", "file,pipe", "-format_whitelist", formats, "-f", demuxer,
		"-threads", "1", "-vn", "-sn", "-dn", "-i", "file:" + descriptor,
		"-map", "0:a", "-c:a", "pcm_s16le", "-threads", "1", "-bitexact", "-f", "wav", "pipe:1"}
}

// formats are the demuxers that audio names; none of them opens other files.
const formats = "aac,aiff,amr,asf,au,avi,caf,flac,flv,ilbc,matroska,mov,mp3,nistsphere,ogg,voc," +
	"w64,wav,wv"

// environment is what ffmpeg gets of ours: nothing that makes it log to a file or use a
// proxy.
func environment() []string {
	env := []string{"LC_ALL=C", "AV_LOG_FORCE_NOCOLOR=1"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
