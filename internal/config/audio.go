package config

import (
	"fmt"

	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/asr/audio/ffmpeg"
)

// Files reads recordings as configured; what has to be kept to be read lies in dir, "" for
// the system's temporary directory. The error says that the program that is to decode
// isn't there.
func (a Audio) Files(dir string) (audio.Files, error) {
	d, err := ffmpeg.Find(a.FFmpeg)
	if err != nil {
		return audio.Files{}, fmt.Errorf("audio.ffmpeg: %w", err)
	}
	return audio.Files{Decoder: d, Dir: dir}, nil
}
