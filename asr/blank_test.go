package asr_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/number"
)

// segment is one of the tokens that spell it, of which those after a "|" are what the model wrote.
func segment(tokens ...string) (s asr.Segment) {
	var original strings.Builder
	other := false
	for _, t := range tokens {
		text, wrote, is := strings.Cut(t, "|")
		s.Tokens = append(s.Tokens, asr.Token{Text: text, Original: wrote})
		s.Text += text
		if other = other || is; is {
			text = wrote
		}
		original.WriteString(text)
	}
	s.Text = strings.TrimSpace(s.Text)
	if other {
		s.Original = strings.TrimSpace(original.String())
	}
	return s
}

func texts(t asr.Transcript) (all []string) {
	for _, s := range t.Segments {
		spelled := ""
		for _, tok := range s.Tokens {
			spelled += tok.Text
		}
		all = append(all, s.Text, strings.TrimSpace(spelled), s.Original)
		for _, r := range s.Readings {
			all = append(all, r.Text)
		}
	}
	return all
}

// A number goes from a transcript wherever it stands, and its texts and tokens stay as long as they were.
func TestTranscriptBlank(t *testing.T) {
	t.Parallel()
	n, err := number.Parse("13800138000", "CN")
	require.NoError(t, err)
	f := number.NewFinder(n)
	second := segment(" 我")
	second.Readings = []asr.Reading{{Text: "打13800138000"}, {Text: "打"}}
	for name, tt := range map[string]struct {
		in   []asr.Segment
		want []string
	}{
		"in one token":         {[]asr.Segment{segment("号", "13800138000")}, []string{"号***********", "号***********", ""}},
		"in several tokens":    {[]asr.Segment{segment(" 号码是", "138", "0013", " 8000", "吧")}, []string{"号码是******* ****吧", "号码是******* ****吧", ""}},
		"in two segments":      {[]asr.Segment{segment("是138"), segment(" 0013", "8000")}, []string{"是***", "是***", "", "********", "********", ""}},
		"after a comma":        {[]asr.Segment{segment("是138，"), segment("0013", "8000")}, []string{"是****", "是****", "", "********", "********", ""}},
		"in what was written":  {[]asr.Segment{segment("号|號", "13800138000")}, []string{"号***********", "号***********", "號***********"}},
		"in a reading":         {[]asr.Segment{second}, []string{"我", "我", "", "打***********", "打"}},
		"not in another's":     {[]asr.Segment{segment("号", "138", "0013", "8001")}, []string{"号13800138001", "号13800138001", ""}},
		"not in what is apart": {[]asr.Segment{segment("138好"), segment("00138000")}, []string{"138好", "138好", "", "00138000", "00138000", ""}},
		"nothing":              {nil, nil},
	} {
		got := asr.Transcript{Segments: tt.in}
		before := texts(got)
		found := got.Blank(f.Blank)
		require.Equal(t, tt.want, texts(got), name)
		require.Equal(t, found, strings.Join(before, "") != strings.Join(texts(got), ""), name)
	}
}
