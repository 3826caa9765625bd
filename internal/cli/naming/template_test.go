package naming

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTemplate(t *testing.T) {
	t.Parallel()
	type fields = map[string]string
	for _, tt := range []struct {
		name, template, path string
		want                 fields
		problem              string
	}{
		{"plain", "{call_id}_{number}_{agent}.wav", "/calls/4711_13800138000_a17.wav",
			fields{"call_id": "4711", "number": "13800138000", "agent": "a17"}, ""},
		{"number with plus", "{number}-{call_id}.wav", "+8613800138000-x.wav",
			fields{"call_id": "x", "number": "+8613800138000"}, ""},
		{"call id with separators", "{call_id}-{number}.wav", "0b5f-11ee-be56-13800138000.wav",
			fields{"call_id": "0b5f-11ee-be56", "number": "13800138000"}, ""},
		{"Asterisk", "{ignore}-{number}-{agent}-{ignore:[0-9]{8}-[0-9]{6}}-{call_id:[0-9.]+}.wav",
			"out-13800138000-1001-20260102-150405-1700000000.123.wav",
			fields{"number": "13800138000", "agent": "1001", "call_id": "1700000000.123"}, ""},
		{"folders", "{agent}/{ignore}/{call_id}_{number}.wav",
			"/spool/a17/2026-01-02/9_13800138000.wav",
			fields{"agent": "a17", "call_id": "9", "number": "13800138000"}, ""},
		{"nothing to ignore", "{call_id}_{number}{ignore}.wav", "9_13800138000.wav", nil,
			"follows another field"},
		{"ignored and empty", "{call_id}_{number}_{ignore}.wav", "9_13800138000_.wav",
			fields{"call_id": "9", "number": "13800138000"}, ""},
		{"Chinese", "{agent}（{number}）{part}.wav", "李雷（13800138000）上.wav", nil,
			"must hold {call_id}"},
		{"signs of regular expressions", "{call_id}.({number}).wav", "a.(1).wav",
			fields{"call_id": "a", "number": "1"}, ""},
		{"other name", "{call_id}_{number}.wav", "readme.txt", nil,
			`the name "readme.txt" does not fit the template`},
		{"no number", "{call_id}_{number}.wav", "a_b.wav", nil, "does not fit"},
		{"two ways", "{call_id}_{number}_{agent}.wav", "a_1_2_b.wav", nil,
			"in several ways: call_id could be"},
		{"two ways made one", "{call_id:[^_]+}_{number}_{agent}.wav", "a_1_2_b.wav",
			fields{"call_id": "a", "number": "1", "agent": "2_b"}, ""},
		{"unknown field", "{call_id}_{number}_{phone}.wav", "", nil, "there is no field {phone}"},
		{"twice", "{call_id}_{number}_{call_id}.wav", "", nil, "{call_id} is there twice"},
		{"open brace", "{call_id}_{number", "", nil, "a brace is not closed"},
		{"groups", "{call_id:(a|b)}_{number}", "", nil, "write groups within a field as (?:...)"},
		{"bad pattern", "{call_id:[}_{number}", "", nil, "missing closing ]"},
		{"empty", "", "", nil, "must hold {call_id}"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			compiled, err := compileTemplate(tt.template, "call_id", "number")
			var got fields
			if err == nil {
				got, err = compiled.read(tt.path)
			}
			if tt.problem != "" {
				require.ErrorContains(t, err, tt.problem)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

// Whatever a template and a name are: no panic, and what was read really is in the name.
func FuzzTemplate(f *testing.F) {
	f.Add("{call_id}_{number}_{agent}.wav", "4711_13800138000_a17.wav")
	f.Add("{ignore}-{number}-{call_id:[0-9.]{3,}}", "x-1-1.2.3")
	f.Add("{call_id:(?:a|b)}/{number}", "a/1")
	f.Fuzz(func(t *testing.T, template, path string) {
		compiled, err := compileTemplate(template, "call_id", "number")
		if err != nil {
			return
		}
		fields, err := compiled.read(path)
		if err != nil {
			return
		}
		for _, value := range fields {
			require.Contains(t, filepath.ToSlash(filepath.Clean(path)), value)
		}
	})
}

// A number with dashes is told of, and read where the template says that there are any.
func TestTemplateNumberWithDashes(t *testing.T) {
	t.Parallel()
	const name = "4711_010-62345678_a17.wav"
	tpl, err := compileTemplate("{call_id:[^_]+}_{number}_{agent}.wav")
	require.NoError(t, err)
	_, err = tpl.read(name)
	require.ErrorContains(t, err, "{number} stands for digits alone: where numbers have dashes, write {number:[0-9-]+}")
	_, err = tpl.read("4711_nobody_a17.wav")
	require.ErrorContains(t, err, "does not fit")
	require.NotContains(t, err.Error(), "dashes")
	tpl, err = compileTemplate("{call_id:[^_]+}_{number:[0-9-]+}_{agent}.wav")
	require.NoError(t, err)
	fields, err := tpl.read(name)
	require.NoError(t, err)
	require.Equal(t, "010-62345678", fields["number"])
}
