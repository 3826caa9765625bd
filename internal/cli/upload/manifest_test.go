package upload

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func TestManifest(t *testing.T) {
	t.Parallel()
	const text = "\ufeffFile, call_id,number,agent,customer_channel,answer_offset,started_at,part\r\n" +
		"a.wav,c1,13800138000,李雷,left,3.25,2026-01-02T15:04:05+08:00,r\r\n" +
		"/abs/b.wav,c2,\"138 0013 8001\",,,,,\n"
	items, err := parseManifest(strings.NewReader(text), "calls",
		&pb.RecordingMetadata{Agent: "a1", CustomerChannel: pb.Channel_CHANNEL_RIGHT})
	require.NoError(t, err)
	require.Len(t, items, 2)

	a, b := items[0], items[1]
	require.NoError(t, a.Err)
	require.Equal(t, []string{"a.wav", filepath.Join("calls", "a.wav")}, []string{a.File, a.Path})
	require.Equal(t, []string{"c1", "13800138000", "李雷", "r"},
		[]string{a.Meta.GetCallId(), a.Meta.GetNumber(), a.Meta.GetAgent(), a.Meta.GetPart()})
	require.Equal(t, pb.Channel_CHANNEL_LEFT, a.Meta.GetCustomerChannel())
	require.Equal(t, 3250*time.Millisecond, a.Meta.GetAnswerOffset().AsDuration())
	require.Equal(t, "2026-01-02T07:04:05Z", a.Meta.GetStartTime().AsTime().Format(time.RFC3339))

	require.NoError(t, b.Err)
	require.Equal(t, "/abs/b.wav", b.Path)
	require.True(t, proto.Equal(&pb.RecordingMetadata{CallId: "c2", Number: "138 0013 8001",
		Agent:           "a1",
		CustomerChannel: pb.Channel_CHANNEL_RIGHT}, b.Meta), "the rest comes from the flags: %v",
		b.Meta)
}

func TestManifestRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, problem string }{
		{"empty", "", "it is empty"},
		{"no number", "file,call_id\n", `the column "number" is missing`},
		{"unknown column", "file,call_id,number,customer_chanel\n",
			`column "customer_chanel" is not known`},
		{"column twice", "file,call_id,number,File\n", `column "File" is there twice`},
		{"semicolons", "file;call_id;number\n", "not separated by commas"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseManifest(strings.NewReader(tt.text), ".", &pb.RecordingMetadata{})
			require.ErrorContains(t, err, tt.problem)
		})
	}
}

// A bad row is told of with its line, and the rest go on.
func TestManifestBadRows(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, row, file, problem string }{
		{"too short", "a.wav,c1", "line 2", "has 2 columns, not 6"},
		{"no file", ",c1,1,,,", "line 2", "names no file"},
		{"no call id", "a.wav,,1,,,", "a.wav", "line 2: call_id is empty"},
		{"no number", "a.wav,c1,,,,", "a.wav", "line 2: number is empty"},
		{"channel", "a.wav,c1,1,middle,,", "a.wav",
			`line 2: customer_channel "middle" must be left, right or mono`},
		{"offset", "a.wav,c1,1,,-3,", "a.wav", `line 2: answer_offset "-3" must be seconds`},
		{"offset that is no number", "a.wav,c1,1,,NaN,", "a.wav", "must be seconds"},
		{"time without zone", "a.wav,c1,1,,,2026-01-02 15:04:05", "a.wav",
			`started_at "2026-01-02 15:04:05" must be a time with its zone`},
		{"GBK", "a.wav,\xc0\xee,1,,,", "a.wav", "is not UTF-8"},
		{"quote", `a.wav,"c"1,1,,,`, "line 2", "not readable as CSV"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := "file,call_id,number,customer_channel,answer_offset,started_at\n" + tt.row +
				"\ngood.wav,c9,9,,,\n"
			items, err := parseManifest(strings.NewReader(text), ".", &pb.RecordingMetadata{})
			require.NoError(t, err)
			require.Len(t, items, 2)
			require.Equal(t, tt.file, items[0].File)
			require.ErrorContains(t, items[0].Err, tt.problem)
			require.NoError(t, items[1].Err)
			require.Equal(t, "c9", items[1].Meta.GetCallId())
		})
	}
}

// Whatever the bytes: no panic, and what is accepted is complete.
func FuzzManifest(f *testing.F) {
	f.Add([]byte("file,call_id,number\na.wav,c1,13800138000\n"))
	f.Add([]byte("\ufefffile,call_id,number,answer_offset,started_at\r\n" +
		"\"a\"\"b.wav\",c1,1,1e3,2026-01-02T15:04:05Z\r\n,,,\n\"x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		items, err := parseManifest(strings.NewReader(string(text)), "dir", &pb.RecordingMetadata{})
		if err != nil {
			return
		}
		for _, it := range items {
			if it.Err != nil {
				continue
			}
			require.NotEmpty(t, it.Path)
			require.NotEmpty(t, it.Meta.GetCallId())
			require.NotEmpty(t, it.Meta.GetNumber())
			_, err := proto.Marshal(it.Meta)
			require.NoError(t, err)
		}
	})
}
