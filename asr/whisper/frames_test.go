package whisper

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
)

func TestFramesComeBack(t *testing.T) {
	t.Parallel()
	var stream bytes.Buffer
	stream.Write(encodeGreeting(frameHello, hello{ModelPath: "m.bin", States: 2}))
	stream.Write(encodeRequest(request{id: 7, slots: 256, samples: []float32{0, -1, 0.25}}))
	stream.Write(encodeCancel(7))
	phrase := asr.Phrase{
		Span: asr.Span{Start: time.Second, End: 2 * time.Second}, Text: "不要", MeanLogProb: -0.5,
		NoSpeechProb: 0.25,
		Tokens:       []asr.Token{{Span: asr.Span{End: time.Second}, Text: "不要", Prob: 0.5}},
	}
	stream.Write(encodeReply(reply{id: 7, phrases: []asr.Phrase{phrase}}))
	stream.Write(encodeReply(reply{id: 8, failure: "no"}))

	next := func(kind frameKind) frame {
		f, err := readFrame(&stream)
		require.NoError(t, err)
		require.Equal(t, kind, f.kind)
		return f
	}
	var h hello
	require.NoError(t, decodeGreeting(next(frameHello).payload, &h))
	require.Equal(t, hello{ModelPath: "m.bin", States: 2}, h)
	r, err := decodeRequest(next(frameRequest).payload)
	require.NoError(t, err)
	require.Equal(t, request{id: 7, slots: 256, samples: []float32{0, -1, 0.25}}, r)
	id, err := decodeCancel(next(frameCancel).payload)
	require.NoError(t, err)
	require.EqualValues(t, 7, id)
	a, err := decodeReply(next(frameReply))
	require.NoError(t, err)
	require.Equal(t, reply{id: 7, phrases: []asr.Phrase{phrase}}, a)
	a, err = decodeReply(next(frameError))
	require.NoError(t, err)
	require.Equal(t, reply{id: 8, failure: "no"}, a)
	_, err = readFrame(&stream)
	require.Equal(t, io.EOF, err)
}

func TestReadFrameRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want error
	}{
		"nothing":            {"", io.EOF},
		"half a length":      {"\x01\x00", io.ErrUnexpectedEOF},
		"no kind":            {"\x01\x00\x00\x00", io.ErrUnexpectedEOF},
		"half a payload":     {"\x05\x00\x00\x00\x01ab", io.ErrUnexpectedEOF},
		"length 0":           {"\x00\x00\x00\x00\x01", errFrame},
		"absurd length":      {"\xff\xff\xff\xff\x01", errFrame},
		"unknown kind":       {"\x01\x00\x00\x00\x63", errFrame},
		"a print astray":     {"Hello, world\n", errFrame},
		"kind 0 is not used": {"\x01\x00\x00\x00\x00", errFrame},
	} {
		_, err := readFrame(strings.NewReader(c.in))
		require.ErrorIs(t, err, c.want, name)
	}
}

func TestDecodersRefuse(t *testing.T) {
	t.Parallel()
	refused := func(err error) { t.Helper(); require.ErrorIs(t, err, errFrame) }
	var h hello
	refused(decodeGreeting(nil, &h))
	refused(decodeGreeting([]byte{protocolVersion + 1, '{', '}'}, &h))
	refused(decodeGreeting([]byte{protocolVersion, '{'}, &h))
	for _, n := range []int{0, requestHead, requestHead + 3, requestHead +
		4*(30*asr.SampleRate+1)} {
		_, err := decodeRequest(make([]byte, n))
		refused(err)
	}
	_, err := decodeRequest(append(bytes.Repeat([]byte{0xff}, requestHead), 0, 0, 0, 0))
	refused(err)
	_, err = decodeCancel([]byte{1})
	refused(err)
	_, err = decodeReply(frame{kind: frameReply, payload: []byte("short")})
	refused(err)
	_, err = decodeReply(frame{kind: frameReply, payload: []byte("12345678{")})
	refused(err)
	_, err = decodeReply(frame{kind: frameHello, payload: []byte("12345678[]")})
	refused(err)
}

// FuzzFrames follows a stream the way either side does: whatever comes, it ends in an
// error and never in a panic or in absurd memory.
func FuzzFrames(f *testing.F) {
	f.Add(encodeGreeting(frameReady, ready{Engine: "whisper.cpp"}))
	f.Add(append(encodeRequest(request{id: 1, samples: []float32{1}}), encodeCancel(1)...))
	f.Add(encodeReply(reply{id: 1, phrases: []asr.Phrase{{Text: "好"}}}))
	f.Add(encodeReply(reply{id: 1, failure: "no"}))
	f.Add([]byte("\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bytes.NewReader(stream)
		for {
			frame, err := readFrame(r)
			if err != nil {
				require.True(t, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
					errors.Is(err, errFrame))
				return
			}
			var greeting ready
			_ = decodeGreeting(frame.payload, &greeting)
			_, _ = decodeCancel(frame.payload)
			_, _ = decodeReply(frame)
			if req, err := decodeRequest(frame.payload); err == nil && frame.kind == frameRequest {
				again := encodeRequest(req)
				require.Equal(t, frame.payload, again[5:])
			}
		}
	})
}
