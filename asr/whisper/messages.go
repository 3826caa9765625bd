package whisper

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/refrain-asr/refrain/asr"
)

// hello tells a new child what to load.
type hello struct {
	ModelPath  string
	Language   string
	States     int
	Threads    int
	Demo       bool
	AllowEmpty bool
	// Trial asks for a window to be heard before ready, to learn how long that takes.
	Trial bool
}

// ready is the child's answer once it has loaded the model.
type ready struct {
	SHA256     string
	Engine     string
	ModelType  string
	Vocabulary int
	States     int
	// Trial is how long the window took that hello asked for.
	Trial time.Duration
}

// failed is the child's answer when it could not. Model reports that the model file is
// to blame.
type failed struct {
	Reason string
	Model  bool
}

// request is one window. Slots is whisper.cpp's audio_ctx. With sound, only its voices are
// asked for.
type request struct {
	id      uint64
	slots   int
	beams   int
	sound   bool
	samples []float32
}

func (r request) kind() frameKind {
	if r.sound {
		return frameSound
	}
	return frameRequest
}

// reply answers the request with the same id, with phrases or a message of failure.
type reply struct {
	id      uint64
	phrases []asr.Phrase
	voices  []byte // of a sound: probabilities from 0 to 255
	failure string
}

// encodeGreeting makes a hello, ready or failed frame.
func encodeGreeting(kind frameKind, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("whisper: greeting does not marshal: " + err.Error()) // plain strings and numbers
	}
	return encodeFrame(kind, append([]byte{protocolVersion}, b...))
}

func decodeGreeting(payload []byte, v any) error {
	if len(payload) == 0 {
		return fmt.Errorf("%w: an empty greeting", errFrame)
	}
	if payload[0] != protocolVersion {
		return fmt.Errorf("%w: protocol %d, not %d: server and speech process are different "+
			"programs",
			errFrame, payload[0], protocolVersion)
	}
	if err := json.Unmarshal(payload[1:], v); err != nil {
		return fmt.Errorf("%w: greeting: %w", errFrame, err)
	}
	return nil
}

const requestHead = 8 + 2 + 1

func encodeRequest(r request) []byte {
	b := make([]byte, 5, 5+requestHead+4*len(r.samples))
	b = binary.LittleEndian.AppendUint64(b, r.id)
	b = binary.LittleEndian.AppendUint16(b, uint16(r.slots))
	b = append(b, byte(r.beams))
	for _, s := range r.samples {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(s))
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	b[4] = byte(r.kind())
	return b
}

func decodeRequest(payload []byte) (request, error) {
	samples := (len(payload) - requestHead) / 4
	if samples < 1 || len(payload) != requestHead+4*samples {
		return request{}, fmt.Errorf("%w: a request of %d bytes", errFrame, len(payload))
	}
	r := request{
		id:    binary.LittleEndian.Uint64(payload),
		slots: int(binary.LittleEndian.Uint16(payload[8:])),
		beams: int(payload[10]),
	}
	if r.slots > fullSlots || r.beams > asr.MostBeams || duration(samples) > maxWindow {
		return request{}, fmt.Errorf("%w: a request of %d slots, %d samples", errFrame, r.slots,
			samples)
	}
	r.samples = make([]float32, samples)
	for i := range r.samples {
		r.samples[i] = math.Float32frombits(binary.LittleEndian.Uint32(payload[requestHead+4*i:]))
	}
	return r, nil
}

func encodeCancel(id uint64) []byte {
	return encodeFrame(frameCancel, binary.LittleEndian.AppendUint64(nil, id))
}

func decodeCancel(payload []byte) (id uint64, err error) {
	if len(payload) != 8 {
		return 0, fmt.Errorf("%w: a cancel of %d bytes", errFrame, len(payload))
	}
	return binary.LittleEndian.Uint64(payload), nil
}

// answers reports whether frames of the kind answer a request.
func (k frameKind) answers() bool {
	return k == frameReply || k == frameError || k == frameVoices
}

func encodeReply(r reply) []byte {
	head := binary.LittleEndian.AppendUint64(nil, r.id)
	if r.failure != "" {
		return encodeFrame(frameError, append(head, r.failure...))
	}
	if r.voices != nil {
		return encodeFrame(frameVoices, append(head, r.voices...))
	}
	b, err := json.Marshal(r.phrases)
	if err != nil || len(b) > maxFrame-64 {
		return encodeFrame(frameError, fmt.Appendf(head, "whisper: no answer can be made of %d "+
			"phrases: %v", len(r.phrases), err))
	}
	return encodeFrame(frameReply, append(head, b...))
}

func decodeReply(f frame) (reply, error) {
	if len(f.payload) < 8 || !f.kind.answers() {
		return reply{}, fmt.Errorf("%w: kind %d with %d bytes for an answer", errFrame, f.kind,
			len(f.payload))
	}
	r := reply{id: binary.LittleEndian.Uint64(f.payload)}
	switch f.kind { //nolint:exhaustive // a reply is read below, and others aren't answers
	case frameVoices:
		r.voices = f.payload[8:]
		return r, nil
	case frameError:
		r.failure = string(f.payload[8:])
		if r.failure == "" {
			r.failure = "whisper: failed without a reason"
		}
		return r, nil
	}
	if err := json.Unmarshal(f.payload[8:], &r.phrases); err != nil {
		return reply{}, fmt.Errorf("%w: answer: %w", errFrame, err)
	}
	return r, nil
}
