package remote

import (
	"bytes"
	"mime/multipart"
	"net/textproto"
	"time"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
)

// form is a window as it is sent.
type form struct {
	body   []byte
	kind   string // its content type
	window asr.Span
	limit  time.Duration // for the answer
	packed bool
}

func (s *server) newForm(samples []float32) form {
	length := time.Duration(len(samples)) * time.Second / asr.SampleRate
	f := form{window: asr.Span{End: length}, limit: s.cfg.Timeout + 2*length,
		packed: s.cfg.Model.Packs}
	var b bytes.Buffer // which takes all that is written
	w := multipart.NewWriter(&b)
	for _, field := range [][2]string{
		{"model", s.cfg.Model.Name}, {"language", s.cfg.Language}, {"temperature", "0"},
		{"response_format", "verbose_json"}, {"timestamp_granularities[]", "segment"},
		{"timestamp_granularities[]", "word"},
	} {
		_ = w.WriteField(field[0], field[1])
	}
	file, _ := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="window.wav"`},
		"Content-Type":        {"audio/wav"},
	})
	_, _ = file.Write(audio.PCM16(samples))
	_ = w.Close()
	f.body, f.kind = b.Bytes(), w.FormDataContentType()
	return f
}
