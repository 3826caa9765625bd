package record

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
)

// Kept is what it takes to judge a call again without hearing it.
type Kept struct {
	Info     audio.Info      `json:"info"`
	Answered time.Duration   `json:"answered,omitempty"`
	Customer asr.Transcript  `json:"customer"`
	Agent    *asr.Transcript `json:"agent,omitempty"`
	// Lexicon is the one that chose what was heard twice, and of the agent.
	Lexicon string `json:"lexicon"`
}

// pack is Kept in as little text as it takes: gzip in base64.
func (k Kept) pack() (string, error) {
	var b bytes.Buffer
	in64 := base64.NewEncoder(base64.StdEncoding, &b)
	z, err := gzip.NewWriterLevel(in64, gzip.BestCompression)
	if err == nil {
		err = json.NewEncoder(z).Encode(k)
	}
	if err == nil {
		err = errors.Join(z.Close(), in64.Close())
	}
	if err != nil {
		return "", fmt.Errorf("keep a transcript: %w", err)
	}
	return b.String(), nil
}

// mostKept is the largest that Kept is unpacked to: that of a day of talk.
const mostKept = 256 << 20

// Unpack is what a line keeps.
func (l Line) Unpack() (k Kept, err error) {
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader([]byte(l.Kept))))
	if err == nil {
		err = json.NewDecoder(io.LimitReader(z, mostKept)).Decode(&k)
	}
	if err != nil {
		return k, fmt.Errorf("what was kept of it can't be read: %w", err)
	}
	return k, nil
}
