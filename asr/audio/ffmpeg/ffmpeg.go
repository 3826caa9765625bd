package ffmpeg

import (
	"context"
	"fmt"
	"os"
	"os/exec"

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
	shell, args := d.limits.of(info.Size()).command(d.path, arguments(f.Demuxer))
	r.cmd = exec.Command(shell, args...) //nolint:gosec,noctx // as configured; its group is killed
	r.cmd.Env = environment()
	r.cmd.Stdout, r.cmd.Stderr, r.cmd.ExtraFiles = in, &r.log, []*os.File{file}
	r.cmd.SysProcAttr, r.cmd.WaitDelay = ownGroup(), d.limits.silence
	err = r.start()
	_ = in.Close() // the child has its own
	if err != nil {
		_ = out.Close()
		return nil, fmt.Errorf("ffmpeg: can't start %s: %w", d.path, err)
	}
	return r, nil
}

// arguments decode descriptor 3 to a WAV stream, with all channels and at its own rate.
// What is not sound isn't looked at: subtitles, pictures, data.
func arguments(demuxer string) []string {
	return []string{"-hide_banner", "-nostdin", "-nostats", "-v", "level+info",
		"-protocol_whitelist", "file,pipe", "-format_whitelist", formats, "-f", demuxer,
		"-codec_whitelist", codecs, "-threads", "1", "-vn", "-sn", "-dn", "-i", "file:" + descriptor,
		"-map", "0:a", "-c:a", "pcm_s16le", "-threads", "1", "-bitexact", "-f", "wav", "pipe:1"}
}

// formats are the demuxers that audio names; none of them opens other files.
const formats = "aac,aiff,amr,asf,au,avi,caf,flac,flv,ilbc,matroska,mov,mp3,nistsphere,ogg,voc," +
	"w64,wav,wv"

// codecs are the decoders that recordings need: none of pictures, which videos and covers
// would otherwise have tried.
const codecs = "aac,aac_latm,ac3,adpcm_ima_oki,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_swf," +
	"adpcm_yamaha,alac,amrnb,amrwb,eac3,flac,g722,g723_1,g726,g726le,g729,gsm,gsm_ms,ilbc," +
	"libgsm,libgsm_ms,libilbc,libopencore_amrnb,libopencore_amrwb,libopus,libspeex,libvorbis," +
	"mp1,mp1float,mp2,mp2float,mp3,mp3float,opus,pcm_alaw,pcm_f32be,pcm_f32le,pcm_f64be," +
	"pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16be_planar,pcm_s16le,pcm_s16le_planar,pcm_s24be," +
	"pcm_s24le,pcm_s32be,pcm_s32le,pcm_s8,pcm_u16be,pcm_u16le,pcm_u8,shorten,speex,truespeech," +
	"vorbis,wavpack,wmalossless,wmapro,wmav1,wmav2,wmavoice"

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
