package store

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/refrain-asr/refrain/asr"
	"github.com/refrain-asr/refrain/asr/audio"
	"github.com/refrain-asr/refrain/keywords"
	"github.com/refrain-asr/refrain/rejudge"
	"github.com/refrain-asr/refrain/review"
)

// decodedColumns are those whose JSON is read into a type, which it must fit afterwards. A number in it is
// a time or a score and nobody's, so that only its texts are looked at; those that point at one another by
// their characters keep their length.
var decodedColumns = map[string]struct {
	into     func() any
	inLength bool
}{
	"transcripts.transcript":        {func() any { return new(asr.Transcript) }, true},
	"recording_versions.transcript": {func() any { return new(asr.Transcript) }, true},
	"run_changes.heard":             {func() any { return new([]asr.Transcript) }, true},
	"judgements.verdict":            {func() any { return new(keywords.Verdict) }, true},
	"recording_versions.verdict":    {func() any { return new(keywords.Verdict) }, true},
	"run_changes.verdict":           {func() any { return new(keywords.Verdict) }, true},
	"suspects.hits":                 {func() any { return new([]keywords.Hit) }, true},
	"decisions.hits":                {func() any { return new([]review.HitDecision) }, true},
	"recordings.audio":              {func() any { return new(audio.Info) }, false},
	"recording_versions.audio":      {func() any { return new(audio.Info) }, false},
	"runs.selection":                {func() any { return new(rejudge.Selection) }, false},
	"runs.tally":                    {func() any { return new(rejudge.Tally) }, false},
	"access_keys.lines":             {func() any { return new([]string) }, false},
	"access_users.lines":            {func() any { return new([]string) }, false},
}

// rewriting puts something in the place of what is looked for in the texts of columns.
type rewriting struct {
	// has tells whether it is in a text, or in JSON as it is stored, and lacks that it can't be in the texts
	// of JSON even where they are joined, which it gets at once.
	has, lacks func(string) bool
	// replace gives the text without it, and blank one that is as long.
	replace, blank func(string) string
	// is tells whether a number in JSON, where no type is known for it, is what is looked for.
	is func(string) bool
}

// text is a column's text without what is looked for.
func (w rewriting) text(column, text string) string {
	c, decoded := decodedColumns[column]
	if decoded {
		text = w.heard(text, c.into())
	}
	if !w.has(text) {
		return text
	}
	v, isJSON := decodedJSON(text)
	if !isJSON {
		return w.replace(text)
	}
	replace, is := w.replace, w.is
	if decoded {
		is = func(string) bool { return false }
	}
	if c.inLength {
		replace = w.blank
	}
	found := false
	out := encoded(without(v, func(text string) string {
		left := replace(text)
		found = found || left != text
		return left
	}, func(figure string) bool {
		it := is(figure)
		found = found || it
		return it
	}))
	if !found { // it would be written otherwise all the same
		return text
	}
	if decoded && json.Unmarshal([]byte(text), c.into()) == nil && json.Unmarshal([]byte(out), c.into()) != nil {
		return text // better found there, and told of, than never read again
	}
	return out
}

// heard is a text without what is looked for where it is one of transcripts.
func (w rewriting) heard(text string, into any) string {
	var all []*asr.Transcript
	switch t := into.(type) {
	case *asr.Transcript:
		if !w.lacks(textsIn(text)) && json.Unmarshal([]byte(text), t) == nil {
			all = []*asr.Transcript{t}
		}
	case *[]asr.Transcript:
		if !w.lacks(textsIn(text)) && json.Unmarshal([]byte(text), t) == nil {
			for i := range *t {
				all = append(all, &(*t)[i])
			}
		}
	}
	found := false
	for _, t := range all {
		found = t.Blank(w.blank) || found
	}
	if !found {
		return text
	}
	return encoded(into)
}

// textsIn are the texts that are values in JSON, one behind the other, as they are written there.
func textsIn(text string) string {
	var b strings.Builder
	for {
		_, after, is := strings.Cut(text, `":"`)
		if !is {
			return b.String()
		}
		end := 0
		for end < len(after) && after[end] != '"' {
			if after[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(after))
		b.WriteString(after[:end])
		text = after[end:]
	}
}

// decodedJSON is an object or a list that a text is.
func decodedJSON(text string) (v any, is bool) {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return v, d.Decode(&v) == nil && !d.More()
}

// encoded is JSON of what was read from JSON.
func encoded(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) //nolint:errchkjson // it was JSON just now
	return strings.TrimSuffix(b.String(), "\n")
}

// without is a value of which replace changed the texts, and in which numbers that are what is looked for
// are 0, which is read by whatever reads numbers.
func without(v any, replace func(string) string, is func(string) bool) any {
	switch x := v.(type) {
	case string:
		return replace(x)
	case []any:
		for i := range x {
			x[i] = without(x[i], replace, is)
		}
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, of := range x {
			out[replace(k)] = without(of, replace, is)
		}
		return out
	case json.Number:
		if is(x.String()) {
			return json.Number("0")
		}
	}
	return v
}
