package vcon

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/calls"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/number"
	"github.com/refrain-asr/refrain/recording"
	"github.com/refrain-asr/refrain/review"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const mobile = "13800138000"

// told is a call of which all is known. Its number stands wherever people and switches put it.
func told(t testing.TB) Conversation {
	t.Helper()
	n, err := number.Parse(mobile, "")
	require.NoError(t, err)
	said := asr.Transcript{Side: asr.Customer, Segments: []asr.Segment{
		{Span: asr.Span{Start: time.Second, End: 2 * time.Second}, Text: "我不需要"},
		{Span: asr.Span{Start: 3 * time.Second, End: 5 * time.Second}, Text: "打我13800138000或者幺三八零零幺三八零零零"},
	}}
	said.Settings.Language, said.Settings.Model.Name = "zh", "base-q8_0"
	agent := said
	agent.Side = asr.Agent
	return Conversation{
		CallID: mobile + "-1",
		Call: &calls.Call{ID: mobile + "-1", Number: n, Agent: "a17", Line: "loans", CallerID: "01062345678",
			Start: noon, Outcome: calls.Answered, Talk: 20 * time.Second, EndedBy: calls.ByCustomer},
		Recordings: []Recorded{{
			Recording: recording.Recording{ID: "01R", CallID: mobile + "-1", Number: n, Agent: "a17",
				CustomerChannel: audio.Left, CreatedAt: noon.Add(time.Minute),
				Audio: audio.Info{Rate: 8000, Frames: 160000}},
			CustomerSaid: &said, AgentSaid: &agent,
			Verdict: &keywords.Verdict{Suspect: true, Score: 0.91234, Lexicon: "zh-1", AnsweredBy: "human",
				Hits: []keywords.Hit{{Class: "no_need", Text: "不需要", Score: 0.91, Match: "text",
					Time: said.Segments[0].Span}}},
			Decisions: []review.Decision{{Verdict: review.Confirm, Class: "no_need", By: "li", At: noon,
				Note: "客户13800138000说不要"}},
		}},
	}
}

func write(t testing.TB, c Conversation, o Options) map[string]any {
	t.Helper()
	o.Now, o.Version = noon, "1.0"
	var out bytes.Buffer
	require.NoError(t, Write(&out, c, o))
	require.Equal(t, 1, bytes.Count(out.Bytes(), []byte("\n")), "a line")
	var d map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &d))
	check(t, d)
	return d
}

func file(text string) func(recording.ID) (io.ReadCloser, error) {
	return func(recording.ID) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}
}

// check holds a document to what the draft asks of its fields (sections 4.1 to 4.5).
func check(t testing.TB, d map[string]any) {
	t.Helper()
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, d["uuid"])
	_, err := time.Parse(time.RFC3339, d["created_at"].(string))
	require.NoError(t, err)
	redacted, isRedacted := d["redacted"].(map[string]any)
	if isRedacted {
		require.NotEmpty(t, redacted["type"])
		require.NotEqual(t, d["uuid"], redacted["uuid"], "another form is another document")
	}
	all := d["parties"].([]any)
	index := func(v any) {
		require.GreaterOrEqual(t, v.(float64), 0.0)
		require.Less(t, int(v.(float64)), len(all))
	}
	for _, v := range d["dialog"].([]any) {
		dialog := v.(map[string]any)
		_, err := time.Parse(time.RFC3339, dialog["start"].(string))
		require.NoError(t, err)
		if list, ok := dialog["parties"].([]any); ok {
			for _, p := range list {
				index(p)
			}
		} else {
			index(dialog["parties"])
		}
		_, content := dialog["body"]
		switch dialog["type"] {
		case "recording":
			require.NotContains(t, dialog, "disposition")
			require.True(t, content || isRedacted, "content may be missing from what is redacted only")
		case "incomplete":
			require.Contains(t, []any{"no-answer", "congestion", "failed", "busy", "hung-up",
				"voicemail-no-message"}, dialog["disposition"])
			require.False(t, content)
		default:
			require.Fail(t, "no type of a dialog", dialog["type"])
		}
		if content {
			require.Equal(t, "base64url", dialog["encoding"])
			require.NotEmpty(t, dialog["mediatype"], "inline content needs one")
		}
	}
	for _, v := range d["analysis"].([]any) {
		a := v.(map[string]any)
		require.Contains(t, []any{"report", "sentiment", "summary", "transcript", "translation", "tts"}, a["type"])
		for _, field := range []string{"vendor", "schema", "mediatype", "body"} {
			require.NotEmpty(t, a[field], field)
		}
		require.Equal(t, "json", a["encoding"])
		for _, i := range a["dialog"].([]any) {
			require.Less(t, int(i.(float64)), len(d["dialog"].([]any)))
		}
	}
}

func TestMasked(t *testing.T) {
	t.Parallel()
	d := write(t, told(t), Options{})
	text, err := json.Marshal(d)
	require.NoError(t, err)
	for _, secret := range []string{mobile, "8613800138000", "幺三八零零"} {
		require.NotContains(t, string(text), secret)
	}
	require.Equal(t, "numbers,audio", d["redacted"].(map[string]any)["type"])
	parties := d["parties"].([]any)
	require.Equal(t, "tel:138****8000;phone-context=+86", parties[customer].(map[string]any)["tel"])
	require.Equal(t, "tel:+861062345678", parties[agent].(map[string]any)["tel"], "the call centre's own is no secret")
}

func TestFull(t *testing.T) {
	t.Parallel()
	d := write(t, told(t), Options{FullNumbers: true, Audio: file("RIFF....WAVEfmt \x00\xff")})
	require.NotContains(t, d, "redacted")
	require.Equal(t, "tel:+86"+mobile, d["parties"].([]any)[customer].(map[string]any)["tel"])
	dialog := d["dialog"].([]any)[0].(map[string]any)
	require.Equal(t, []any{1.0, 0.0}, dialog["parties"], "the customer is on the left channel")
	require.Equal(t, 0.0, dialog["originator"])
	require.Equal(t, 20.0, dialog["duration"])
	require.Equal(t, "audio/x-wav", dialog["mediatype"])
	body, err := base64.RawURLEncoding.DecodeString(dialog["body"].(string))
	require.NoError(t, err)
	require.Equal(t, "RIFF....WAVEfmt \x00\xff", string(body))
	var schemas []any
	for _, a := range d["analysis"].([]any) {
		schemas = append(schemas, a.(map[string]any)["schema"])
	}
	require.Equal(t, []any{SchemaTranscript, SchemaTranscript, SchemaRefusal, SchemaCall}, schemas)
	report := d["analysis"].([]any)[2].(map[string]any)["body"].(map[string]any)
	require.Equal(t, 0.912, report["score"])
	require.Equal(t, "no_need", report["class"])
	require.Equal(t, "li", report["decisions"].([]any)[0].(map[string]any)["reviewer"])
}

// The same call is the same document whenever it is written; what is left out makes another.
func TestNames(t *testing.T) {
	t.Parallel()
	masked, again := write(t, told(t), Options{}), write(t, told(t), Options{})
	require.Equal(t, masked["uuid"], again["uuid"])
	full := write(t, told(t), Options{FullNumbers: true, Audio: file("OggS")})
	require.Equal(t, full["uuid"], masked["redacted"].(map[string]any)["uuid"])
	elsewhere := told(t)
	elsewhere.Recordings[0].ID = "01X"
	require.NotEqual(t, masked["uuid"], write(t, elsewhere, Options{})["uuid"])
}

func TestUnrecorded(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[calls.Outcome]any{
		calls.NoAnswer: "no-answer", calls.Busy: "busy", calls.Rejected: "hung-up", calls.Failed: "failed",
		calls.Voicemail: "voicemail-no-message", calls.Unreachable: "failed", calls.Cancelled: "hung-up",
		calls.InvalidNumber: "failed", calls.Answered: nil,
	} {
		c := told(t)
		c.Recordings, c.Call.Outcome, c.Call.Talk = nil, outcome, 0
		require.Equal(t, want, write(t, c, Options{})["dialog"].([]any)[0].(map[string]any)["disposition"], outcome)
	}
}

// Who has no key can't try which number a name was made of.
func TestNamesTellNothing(t *testing.T) {
	t.Parallel()
	c := told(t)
	c.Recordings = nil
	a := write(t, c, Options{Key: []byte("a")})
	require.Equal(t, a["uuid"], write(t, c, Options{Key: []byte("a")})["uuid"])
	require.NotEqual(t, a["uuid"], write(t, c, Options{Key: []byte("b")})["uuid"])
	c.Call.Code = "Declined by 13800138000"
	text, err := json.Marshal(write(t, c, Options{}))
	require.NoError(t, err)
	require.NotContains(t, string(text), mobile)
}

// A recording that came without a report, not heard yet, of one side, at a time that nobody told.
func TestLittleKnown(t *testing.T) {
	t.Parallel()
	c := told(t)
	r := &c.Recordings[0]
	c.Call, r.CustomerSaid, r.AgentSaid, r.Verdict, r.Decisions = nil, nil, nil, nil, nil
	r.CustomerChannel = audio.Mono
	d := write(t, c, Options{})
	require.Empty(t, d["analysis"])
	dialog := d["dialog"].([]any)[0].(map[string]any)
	require.Equal(t, 1.0, dialog["parties"])
	require.Equal(t, "2026-03-02T12:00:40Z", dialog["start"], "it was over when it came")
}

func TestMediaType(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]string{
		"RIFF1234WAVE": "audio/x-wav", "RF641234WAVE": "audio/x-wav", "OggS": "audio/ogg",
		"ID3\x03": "audio/x-mp3", "\xff\xfb\x90": "audio/x-mp3", "fLaC": "audio/flac",
		"#!AMR\n": "audio/AMR", "\x00\x00\x00\x00ftypM4A": "audio/x-mp4", "": "application/octet-stream",
		"\x00\x00": "application/octet-stream",
	} {
		require.Equal(t, want, MediaType([]byte(head)), "%q", head)
	}
}

// Audio that was erased is left out, whether its file still lies there or not.
func TestErasedAudioIsLeftOut(t *testing.T) {
	t.Parallel()
	c := told(t)
	c.Recordings[0].ErasedAt = c.Recordings[0].CreatedAt.Add(time.Hour)
	asked := func(recording.ID) (io.ReadCloser, error) { return nil, errors.New("nobody may ask for it") }
	d := write(t, c, Options{FullNumbers: true, Audio: asked})
	require.Equal(t, "audio", d["redacted"].(map[string]any)["type"])
}

func TestAudioIsGone(t *testing.T) {
	t.Parallel()
	gone := func(recording.ID) (io.ReadCloser, error) { return nil, fs.ErrNotExist }
	require.ErrorIs(t, Write(io.Discard, told(t), Options{Audio: gone}), fs.ErrNotExist)
	broken := errors.New("broken")
	calls := 0
	breaks := func(recording.ID) (io.ReadCloser, error) {
		if calls++; calls > 1 {
			return nil, broken
		}
		return io.NopCloser(strings.NewReader("RIFF")), nil
	}
	require.ErrorIs(t, Write(io.Discard, told(t), Options{Audio: breaks}), broken)
}
