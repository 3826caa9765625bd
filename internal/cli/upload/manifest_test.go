package upload

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// readManifest reads a manifest from a file of that name in a directory of its own.
func readManifest(t *testing.T, name, text string, defaults *pb.RecordingMetadata) (
	dir string, items []Recording, err error,
) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	items, err = ReadManifest(path, defaults)
	return dir, items, err
}

func TestManifest(t *testing.T) {
	t.Parallel()
	const text = "\ufeffFile, call_id,number,agent,customer_channel,answer_offset,started_at,part\r\n" +
		"a.wav,c1,13800138000,李雷,left,3.25,2026-01-02T15:04:05+08:00,r\r\n" +
		"/abs/b.wav,c2,\"138 0013 8001\",,,,,\n"
	dir, items, err := readManifest(t, "calls.csv", text,
		&pb.RecordingMetadata{Agent: "a1", CustomerChannel: pb.Channel_CHANNEL_RIGHT})
	require.NoError(t, err)
	require.Len(t, items, 2)

	a, b := items[0], items[1]
	require.NoError(t, a.Err)
	require.Equal(t, []string{"a.wav", filepath.Join(dir, "a.wav")}, []string{a.File, a.Path})
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
		{"column twice", "file,call_id,number,File\n", `column "file" is there twice`},
		{"two numbers", "file,call_id,手机号,电话\n", "could both be the number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := readManifest(t, "calls.csv", tt.text, &pb.RecordingMetadata{})
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
		{"time", "a.wav,c1,1,,,2026-01-02", "a.wav",
			`line 2: started_at "2026-01-02" is a date without a time of day`},
		{"damaged", "\xff.wav,c1,1,,,", "line 2", "is not UTF-8"},
		{"quote", `a.wav,"c"1,1,,,`, "line 2", "not readable as CSV"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := "\ufefffile,call_id,number,customer_channel,answer_offset,started_at\n" +
				tt.row + "\ngood.wav,c9,9,,,\n"
			_, items, err := readManifest(t, "calls.csv", text, &pb.RecordingMetadata{})
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
		_, items, err := readManifest(t, "m.csv", string(text), &pb.RecordingMetadata{})
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

// What other programs write is read like a manifest of our own.
func TestManifestInTheWild(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, text string }{
		{"semicolons", "m.csv", "filename;uuid;phone;start_time\na.wav;c1;13800138000;" +
			"2026-01-02 15:04:05\n"},
		{"GB18030", "m.csv", "\xc2\xbc\xd2\xf4\xce\xc4\xbc\xfe,call_id,\xca\xd6\xbb\xfa\xba\xc5," +
			"start,x\na.wav,c1,=\"13800138000\",20260102150405,\n"},
		{"JSON lines", "m.jsonl", `{"file":"a.wav","call_id":"c1","number":13800138000,` +
			`"started_at":1767337445,"tags":["x"]}` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir, items, err := readManifest(t, tt.file, tt.text, &pb.RecordingMetadata{})
			require.NoError(t, err)
			require.Len(t, items, 1)
			require.NoError(t, items[0].Err)
			require.Equal(t, filepath.Join(dir, "a.wav"), items[0].Path)
			m := items[0].Meta
			require.Equal(t, []string{"c1", "13800138000", "2026-01-02T07:04:05Z"},
				[]string{m.GetCallId(), m.GetNumber(),
					m.GetStartTime().AsTime().Format(time.RFC3339)})
		})
	}
}
