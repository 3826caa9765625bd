package audio

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Advice that ends the refusal of a format.
const (
	howToSend = "convert it to WAV (PCM, float, A-law or mu-law) with one channel a speaker, " +
		"such as: ffmpeg -i FILE FILE.wav"
	install    = "or install ffmpeg where Refrain runs, and send it again as it is"
	orDecode   = howToSend + "; " + install
	unpack     = "unpack it first, and send the recordings that are in it"
	silk       = "convert it to WAV with a SILK decoder, since ffmpeg has none"
	notARec    = "send the recording itself"
	headerless = "if it is sound without a header, say what it is: ffmpeg -f mulaw -ar 8000 -ac 1 " +
		"-i FILE FILE.wav (A-law: -f alaw; 16-bit PCM: -f s16le; two channels: -ac 2), or: sox " +
		"-t vox -r 8000 FILE FILE.wav; else convert it to WAV with one channel a speaker"
)

// Foreign is a format that a Decoder must decode.
type Foreign struct {
	// Name is for people, such as "MP3 audio".
	Name string
	// Codec is what Info calls it, such as "mp3".
	Codec Codec
	// Demuxer is ffmpeg's name of the container, such as "mp3". What a file is, is told by
	// its first bytes alone: a decoder that guesses by itself may take it for a list of other
	// files and open those.
	Demuxer string
}

// signature is how files of one format begin.
type signature struct {
	at      int
	magic   string
	name    string
	codec   Codec
	demuxer string // "" where the format holds no sound that could be decoded
	advice  string // then
}

var signatures = []signature{
	{0, "OggS", "Ogg audio (Opus or Vorbis)", "ogg", "ogg", ""},
	{0, "fLaC", "FLAC audio", "flac", "flac", ""},
	{0, "#!AMR", "AMR audio", "amr", "amr", ""},
	{0, "#!iLBC", "iLBC audio", "ilbc", "ilbc", ""},
	{0, "#!SILK", "SILK audio", "", "", silk},
	{1, "#!SILK", "SILK audio", "", "", silk},
	{0, ".snd", "AU audio", "au", "au", ""},
	{8, "AIFF", "AIFF audio", "aiff", "aiff", ""},
	{8, "AIFC", "AIFF audio", "aiff", "aiff", ""},
	{0, "caff", "Core Audio (CAF), or GSM without a header (sox -t gsm FILE FILE.wav)", "caf", "caf",
		""},
	{0, "riff\x2e\x91\xcf\x11", "Sony Wave64 audio", "w64", "w64", ""},
	{0, "RIFX", "big-endian WAV (RIFX) audio", "rifx", "wav", ""},
	{8, "AVI ", "AVI video", "avi", "avi", ""},
	{4, "ftyp", "MP4 or M4A audio", "mp4", "mov", ""},
	{4, "moov", "MP4 or M4A audio", "mp4", "mov", ""},
	{0, "\x1aE\xdf\xa3", "WebM or Matroska", "matroska", "matroska", ""},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media audio", "asf", "asf", ""},
	{0, "FLV\x01", "Flash video", "flv", "flv", ""},
	{0, "wvpk", "WavPack audio", "wavpack", "wv", ""},
	{0, "NIST_1A", "NIST SPHERE audio", "sphere", "nistsphere", ""},
	{0, "Creative Voice File", "Creative Voice audio", "voc", "voc", ""},
	{0, "PK\x03\x04", "a ZIP archive", "", "", unpack},
	{0, "PK\x05\x06", "an empty ZIP archive", "", "", notARec},
	{0, "\x1f\x8b", "a gzip file", "", "", unpack},
	{0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "", "", unpack},
	{0, "Rar!\x1a\x07", "a RAR archive", "", "", unpack},
	{0, "\xfd7zXZ\x00", "an xz file", "", "", unpack},
	{0, "\x28\xb5\x2f\xfd", "a Zstandard file", "", "", unpack},
	{0, "BZh", "a bzip2 file", "", "", unpack},
	{257, "ustar", "a tar archive", "", "", unpack},
	{0, "\xd4\xc3\xb2\xa1", capture, "", "", recordWAV},
	{0, "\xa1\xb2\xc3\xd4", capture, "", "", recordWAV},
	{0, "\x4d\x3c\xb2\xa1", capture, "", "", recordWAV},
	{0, "\xa1\xb2\x3c\x4d", capture, "", "", recordWAV},
	{0, "\x0a\x0d\x0d\x0a", capture, "", "", recordWAV},
	{0, "#!rtpplay1.0", "an RTP dump, not a recording", "", "", recordWAV},
	{0, "%PDF", "a PDF document", "", "", notARec},
	{0, "\xd0\xcf\x11\xe0", "an Office document", "", "", notARec},
	{0, "\x89PNG", "an image (PNG)", "", "", notARec},
	{0, "\xff\xd8\xff", "an image (JPEG)", "", "", notARec},
	{0, "GIF8", "an image (GIF)", "", "", notARec},
	{0, "II*\x00", "an image (TIFF)", "", "", notARec},
	{0, "MM\x00*", "an image (TIFF)", "", "", notARec},
	{8, "WEBP", "an image (WebP)", "", "", notARec},
	{0, "\x7fELF", "a program", "", "", notARec},
	{0, "SQLite format 3", "a database", "", "", notARec},
	{0, "#EXTM3U", "a playlist", "", "", "send the recordings that it names"},
	{0, "[playlist]", "a playlist", "", "", "send the recordings that it names"},
	{0, "ffconcat", "a playlist", "", "", "send the recordings that it names"},
}

const (
	capture   = "a packet capture, not a recording"
	recordWAV = "let the recorder write WAV, or have the calls' sound extracted from it"
)

// kindOf is what a file is by its first bytes.
type kindOf struct {
	foreign  *Foreign // to be decoded
	channels int      // of WAV as it is read here
}

// sniff tells what head begins. What it doesn't know is left to NewReader, which says so.
func sniff(head []byte) kindOf {
	if isWAV(head) {
		return sniffWAV(head)
	}
	if s := known(head); s != nil && s.demuxer != "" {
		return kindOf{foreign: &Foreign{s.name, s.codec, s.demuxer}}
	}
	return kindOf{}
}

func isWAV(head []byte) bool {
	if len(head) < 12 || string(head[8:12]) != "WAVE" {
		return false
	}
	id := string(head[:4])
	return id == "RIFF" || id == "RF64" || id == "BW64"
}

// sniffWAV looks into the format chunk, if it is in head.
func sniffWAV(head []byte) kindOf {
	for at := 12; at+24 <= len(head); {
		size := int(binary.LittleEndian.Uint32(head[at+4:]))
		if string(head[at:at+4]) == "fmt " {
			return wavKind(head[at+8:][:max(16, min(size, len(head)-at-8))])
		}
		if at += 8 + size + size%2; at < 0 {
			break
		}
	}
	return kindOf{}
}

func wavKind(format []byte) kindOf {
	le := binary.LittleEndian
	tag := le.Uint16(format)
	if tag == tagExtensible && len(format) >= 40 && bytes.Equal(format[26:40], subFormat) {
		tag = le.Uint16(format[24:])
	}
	switch tag {
	case 0, tagPCM, tagFloat, tagALaw, tagMuLaw, tagExtensible:
		return kindOf{channels: int(le.Uint16(format[2:]))}
	}
	codec := cmp.Or(otherTags[tag].codec, "other")
	return kindOf{foreign: &Foreign{"a WAV file that holds " + tagName(tag), codec, "wav"}}
}

// known finds the format that head begins, nil for none.
func known(head []byte) *signature {
	for _, s := range signatures {
		if len(head) >= s.at && bytes.HasPrefix(head[s.at:], []byte(s.magic)) {
			return &s
		}
	}
	if bytes.HasPrefix(head, []byte("ID3")) {
		if s := known(head[tagSize(head):]); s != nil {
			return s
		}
		return &signature{name: "MP3 audio", codec: "mp3", demuxer: "mp3"}
	}
	return mpegFrame(head)
}

// tagSize is how much of head an ID3v2 tag takes up, all where it is longer.
func tagSize(head []byte) int {
	const header = 10
	if len(head) < header {
		return len(head)
	}
	size := 0
	for _, b := range head[6:header] {
		size = size<<7 | int(b&0x7f)
	}
	return min(header+size, len(head))
}

// refuseOther names what head, the first bytes of a file that isn't WAV, looks like.
func refuseOther(head []byte) error {
	if s := known(head); s != nil {
		advice := s.advice
		if s.demuxer != "" {
			advice = "which is not read here: " + orDecode
		} else {
			advice = "which can't be read: " + advice
		}
		return refuse(OtherFormat, "the file is %s, %s", s.name, advice)
	}
	if t := bytes.TrimLeft(head, "\ufeff \t\r\n"); len(t) > 0 && (t[0] == '<' || t[0] == '{') {
		return refuse(NotAudio, "the file is text, perhaps an error page that was saved instead "+
			"of the recording: fetch the recording again")
	}
	what, advice := "not audio in any known format", headerless
	if isText(head) {
		what, advice = "text, not audio", notARec
	}
	return refuse(NotAudio, "the file is %s (it begins with % x): %s", what,
		head[:min(4, len(head))], advice)
}

// isText reports whether head is text in UTF-8. Silence in A-law and mu-law is one byte over
// and over, which may be a letter.
func isText(head []byte) bool {
	for n := 0; n < utf8.UTFMax && !utf8.Valid(head); n++ { // the last character may be cut
		head = head[:max(0, len(head)-1)]
	}
	if len(head) == 0 || !utf8.Valid(head) || bytes.Count(head, head[:1]) == len(head) {
		return false
	}
	return !bytes.ContainsFunc(head, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\n'
	})
}

// mpegFrame recognises an MPEG audio frame header: eleven set bits, then a
// version, layer and rates that exist.
func mpegFrame(head []byte) *signature {
	if len(head) < 3 || head[0] != 0xff || head[1]&0xe0 != 0xe0 {
		return nil
	}
	version, layer := head[1]>>3&3, head[1]>>1&3
	switch {
	case head[1]&0xf6 == 0xf0:
		return &signature{name: "AAC audio (ADTS)", codec: "aac", demuxer: "aac"}
	case version == 1 || layer == 0 || head[2]>>4 == 0xf || head[2]>>2&3 == 3:
		return nil
	case layer == 1:
		return &signature{name: "MP3 audio", codec: "mp3", demuxer: "mp3"}
	}
	return &signature{name: "MPEG audio", codec: "mpeg", demuxer: "mp3"}
}

// otherTags are the WAV format tags that recorders use and that aren't read here, as names
// for people and for programs.
var otherTags = map[uint16]struct {
	name  string
	codec Codec
}{
	0x0002: {"Microsoft ADPCM", "adpcm_ms"},
	0x0010: {"Dialogic (OKI) ADPCM", "adpcm_oki"},
	0x0011: {"IMA ADPCM", "adpcm_ima"},
	0x0014: {"G.723 ADPCM", "g723_adpcm"},
	0x0017: {"Dialogic (OKI) ADPCM", "adpcm_oki"},
	0x0022: {"TrueSpeech", "truespeech"},
	0x0031: {"GSM 6.10 (WAV49)", "gsm"},
	0x0040: {"G.721 ADPCM", "g721"},
	0x0041: {"G.728", "g728"},
	0x0042: {"G.723.1", "g723_1"},
	0x0045: {"G.726 ADPCM", "g726"},
	0x0050: {"MPEG", "mpeg"},
	0x0055: {"MP3", "mp3"},
	0x0057: {"AMR-NB", "amr"},
	0x0058: {"AMR-WB", "amr"},
	0x0064: {"G.726 ADPCM", "g726"},
	0x0065: {"G.722 ADPCM", "g722"},
	0x0083: {"G.729", "g729"},
	0x00ff: {"AAC", "aac"},
	0x0133: {"G.729", "g729"},
	0x0161: {"Windows Media", "wma"},
	0x028f: {"G.722 ADPCM", "g722"},
	0xa109: {"Speex", "speex"},
	0xf1ac: {"FLAC", "flac"},
}

// bareTags are the tags that Named gives to sound without a header, with what converts it.
var bareTags = map[uint16]string{
	tagOKI:   "sox -t vox -r 8000 FILE FILE.wav",
	tagG722:  "ffmpeg -f g722 -i FILE FILE.wav",
	tagG7231: "ffmpeg -f g723_1 -i FILE FILE.wav",
}

func tagName(tag uint16) string {
	if t, ok := otherTags[tag]; ok {
		return t.name
	}
	return fmt.Sprintf("codec 0x%04X", tag)
}

func refuseTag(tag uint16) error {
	if how, ok := bareTags[tag]; ok {
		return refuse(OtherCodec, "the file holds %s, which is not read here: convert it to WAV with "+
			"one channel a speaker (without a header: %s; with one: ffmpeg -i FILE FILE.wav); %s",
			tagName(tag), how, install)
	}
	return refuse(OtherCodec, "the WAV file holds %s, which is not read here: %s", tagName(tag),
		orDecode)
}
