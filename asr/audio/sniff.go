package audio

import (
	"bytes"
	"fmt"
)

// howToSend is the advice that ends every refusal of a format.
const howToSend = "convert it to WAV (PCM, float, A-law or mu-law) with one channel a speaker, " +
	"such as: ffmpeg -i FILE FILE.wav"

// signature is how files of one format begin.
type signature struct {
	at    int
	magic string
	name  string
}

var signatures = []signature{
	{0, "ID3", "MP3 audio"},
	{0, "OggS", "Ogg audio (Opus or Vorbis)"},
	{0, "fLaC", "FLAC audio"},
	{0, "#!AMR", "AMR audio"},
	{0, "#!SILK", "SILK audio"},
	{1, "#!SILK", "SILK audio"},
	{0, ".snd", "AU audio"},
	{8, "AIFF", "AIFF audio"},
	{8, "AIFC", "AIFF audio"},
	{0, "caff", "Core Audio (CAF)"},
	{0, "riff\x2e\x91\xcf\x11", "Sony Wave64 audio"},
	{0, "RIFX", "big-endian WAV (RIFX) audio"},
	{8, "AVI ", "AVI video"},
	{4, "ftyp", "MP4 or M4A audio"},
	{0, "\x1aE\xdf\xa3", "WebM or Matroska"},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media audio"},
	{0, "PK\x03\x04", "a ZIP archive"},
	{0, "\x1f\x8b", "a gzip file"},
	{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
	{0, "%PDF", "a PDF document"},
}

// refuseOther names what head, the first bytes of a file that isn't WAV, looks like.
func refuseOther(head []byte) error {
	for _, s := range signatures {
		if len(head) >= s.at && bytes.HasPrefix(head[s.at:], []byte(s.magic)) {
			return refuse(OtherFormat, "the file is %s, which is not read here: %s", s.name,
				howToSend)
		}
	}
	if name := mpegFrame(head); name != "" {
		return refuse(OtherFormat, "the file is %s, which is not read here: %s", name, howToSend)
	}
	if t := bytes.TrimLeft(head, "\ufeff \t\r\n"); len(t) > 0 && (t[0] == '<' || t[0] == '{') {
		return refuse(NotAudio, "the file is text, perhaps an error page that was saved instead "+
			"of the recording: fetch the recording again")
	}
	return refuse(NotAudio, "the file is not audio in any known format (it begins with % x): %s",
		head[:min(4, len(head))], howToSend)
}

// mpegFrame recognises an MPEG audio frame header: eleven set bits, then a
// version, layer and rates that exist.
func mpegFrame(head []byte) string {
	if len(head) < 3 || head[0] != 0xff || head[1]&0xe0 != 0xe0 {
		return ""
	}
	version, layer := head[1]>>3&3, head[1]>>1&3
	switch {
	case head[1]&0xf6 == 0xf0:
		return "AAC audio (ADTS)"
	case version == 1 || layer == 0 || head[2]>>4 == 0xf || head[2]>>2&3 == 3:
		return ""
	case layer == 1:
		return "MP3 audio"
	}
	return "MPEG audio"
}

// otherTags names WAV format tags that recorders use and that aren't read here.
var otherTags = map[uint16]string{
	0x0002: "Microsoft ADPCM",
	0x0011: "IMA ADPCM",
	0x0014: "G.723 ADPCM",
	0x0022: "TrueSpeech",
	0x0031: "GSM 6.10 (WAV49)",
	0x0040: "G.721 ADPCM",
	0x0041: "G.728",
	0x0042: "G.723.1",
	0x0045: "G.726 ADPCM",
	0x0050: "MPEG",
	0x0055: "MP3",
	0x0057: "AMR-NB",
	0x0058: "AMR-WB",
	0x0064: "G.726 ADPCM",
	0x0065: "G.722 ADPCM",
	0x0083: "G.729",
	0x00ff: "AAC",
	0x0133: "G.729",
	0x0161: "Windows Media",
	0xa109: "Speex",
	0xf1ac: "FLAC",
}

func refuseTag(tag uint16) error {
	name, ok := otherTags[tag]
	if !ok {
		name = fmt.Sprintf("codec 0x%04X", tag)
	}
	return refuse(OtherCodec, "the WAV file holds %s, which is not read here: %s", name, howToSend)
}
