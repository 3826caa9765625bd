package audio

import (
	"bytes"
	"path"
	"path/filepath"
	"strings"
)

// soundEndings are those of sound files' names, beside those of bareFormats.
const soundEndings = "wav wav49 mp3 mp2 mpga ogg oga opus spx m4a mp4 aac amr awb flac webm mkv mka wma au snd aiff aif " +
	"caf w64 rf64 voc wv ilbc silk slk g729 raw pcm"

// SoundEnding reports whether a file's name ends like that of a sound file.
func SoundEnding(name string) bool {
	ending := strings.ToLower(strings.TrimPrefix(path.Ext(filepath.ToSlash(name)), "."))
	if hasWord(soundEndings, ending) {
		return true
	}
	for _, f := range bareFormats {
		if hasWord(f.endings, ending) {
			return true
		}
	}
	return false
}

// LooksLikeSound reports whether a file, of which head is the beginning, is meant to be a recording:
// it is one, or its name says so. What else lies in a folder of recordings is none.
func LooksLikeSound(name string, head []byte) bool {
	if SoundEnding(name) || isWAV(head) {
		return true
	}
	s := known(head)
	return s != nil && s.demuxer != "" && (len(s.magic) > 3 || bytes.HasPrefix(head, []byte("ID3")))
}
