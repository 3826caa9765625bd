package upload

import (
	"errors"
	"unicode/utf8"

	"github.com/refrain-asr/refrain/internal/cli/usage"
	"github.com/refrain-asr/refrain/internal/cli/when"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// SetField sets what a manifest or a file name says of a recording; "" says nothing.
// Its errors follow the field's name and value.
func SetField(m *pb.RecordingMetadata, field, value string) (err error) {
	if value == "" {
		return nil
	}
	if !utf8.ValidString(value) {
		return errors.New("is not UTF-8; save the file as UTF-8")
	}
	switch field {
	case "call_id":
		m.CallId = value
	case "number":
		m.Number = value
	case "part":
		m.Part = value
	case "agent":
		m.Agent = value
	case "source":
		m.Source = value
	case "customer_channel":
		m.CustomerChannel, err = usage.Channel(value)
	case "answer_offset":
		m.AnswerOffset, err = usage.Offset(value)
	case "line":
		m.Line = value
	case "priority":
		m.Priority, err = usage.Priority(value)
	case "started_at":
		m.StartTime, err = new(when.Reader).Timestamp(value)
	}
	return err
}
