package vcon

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/refrain-asr/refrain/recording"
)

// Write writes a conversation as one vCon in JSON, with an end of line. Audio is never held in memory:
// it may be hours. Where it fails, what was written is no document.
func Write(w io.Writer, c Conversation, o Options) error {
	d := build(c, o)
	type place struct {
		mark string
		of   recording.ID
	}
	places := make([]place, 0, len(c.Recordings))
	if o.Audio != nil {
		for i, r := range c.Recordings {
			if r.Erased() { // also while its file still lies there
				continue
			}
			kind, err := mediaTypeOf(o, r.ID)
			if err != nil {
				return err
			}
			mark := uuid.NewString() // nobody can have written it into a text
			places = append(places, place{mark, r.ID})
			d.Dialog[i].MediaType, d.Dialog[i].Encoding, d.Dialog[i].Body = kind, "base64url", &mark
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write the vCon of call %s: %w", c.CallID, err)
	}
	for _, p := range places {
		before, after, _ := bytes.Cut(text, []byte(p.mark))
		if _, err := w.Write(before); err != nil {
			return err
		}
		if err := writeAudio(w, o, p.of); err != nil {
			return err
		}
		text = after
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// writeAudio writes a file as the text of a JSON string, which needs no escapes in base64url.
func writeAudio(w io.Writer, o Options, id recording.ID) error {
	f, err := o.Audio(id)
	if err != nil {
		return err
	}
	enc := base64.NewEncoder(base64.RawURLEncoding, w)
	_, err = io.Copy(enc, f)
	return errors.Join(err, enc.Close(), f.Close())
}

// mediaTypeOf tells a file's media type by its first bytes, in the draft's words where it has one.
func mediaTypeOf(o Options, id recording.ID) (string, error) {
	f, err := o.Audio(id)
	if err != nil {
		return "", err
	}
	head, err := bufio.NewReader(f).Peek(MediaTypeBytes)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return MediaType(head), errors.Join(err, f.Close())
}

// MediaTypeBytes is how many of a file's first bytes tell its media type.
const MediaTypeBytes = 12

// MediaType is the media type of a recording's file that begins so, application/octet-stream where
// that doesn't tell.
func MediaType(head []byte) string {
	for _, t := range []struct{ magic, kind string }{
		{"RIFF", "audio/x-wav"}, {"RF64", "audio/x-wav"}, {"OggS", "audio/ogg"}, {"ID3", "audio/x-mp3"},
		{"\xff\xfb", "audio/x-mp3"}, {"\xff\xf3", "audio/x-mp3"}, {"\xff\xf2", "audio/x-mp3"},
		{"fLaC", "audio/flac"}, {"#!AMR", "audio/AMR"}, {"\x1a\x45\xdf\xa3", "audio/webm"},
	} {
		if bytes.HasPrefix(head, []byte(t.magic)) {
			return t.kind
		}
	}
	if len(head) >= 8 && string(head[4:8]) == "ftyp" {
		return "audio/x-mp4"
	}
	return "application/octet-stream"
}
