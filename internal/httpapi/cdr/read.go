package cdr

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Record is what is used of a call record: one leg of a call.
type Record struct {
	// vars are the channel's variables, decoded.
	vars map[string]string
	// direction is inbound or outbound, as the switch sees it.
	direction string
	// destination and callerID are of the leg's first profile.
	destination, callerID string
}

// Read reads what was posted: JSON or XML, plain or as the field cdr of a form, there plain,
// escaped or in base64. What it is the body says: with disable-100-continue both modules
// send another content type than theirs.
func Read(body []byte) (Record, error) {
	text := bytes.TrimSpace(body)
	if value, ok := bytes.CutPrefix(text, []byte("cdr=")); ok {
		var err error
		if text, err = formValue(value); err != nil {
			return Record{}, err
		}
	}
	switch {
	case bytes.HasPrefix(text, []byte("{")):
		return readJSON(text)
	case bytes.HasPrefix(text, []byte("<")):
		return readXML(text)
	case len(text) == 0:
		return Record{}, errors.New("the call record is empty")
	}
	return Record{}, errors.New("this is no call record of mod_json_cdr or mod_xml_cdr: it must begin " +
		"with { or <, or be a form with the field cdr")
}

// formValue is the field of a form. Its value may hold & and + as they are.
func formValue(value []byte) ([]byte, error) {
	value = bytes.TrimSpace(value)
	if bytes.HasPrefix(value, []byte("{")) || bytes.HasPrefix(value, []byte("<")) {
		return value, nil
	}
	if bytes.HasPrefix(value, []byte("%")) {
		if rest, _, more := bytes.Cut(value, []byte("&")); more {
			value = rest
		}
		text, err := url.QueryUnescape(string(value))
		if err != nil {
			return nil, fmt.Errorf("the field cdr can't be read: %w", err)
		}
		return bytes.TrimSpace([]byte(text)), nil
	}
	return fromBase64(value)
}

// fromBase64 reads base64 with the line ends that FreeSWITCH puts into it, and as an HTML
// form's decoding may have left it.
func fromBase64(value []byte) ([]byte, error) {
	packed := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '+'
		case unicode.IsSpace(r) || r == '=':
			return -1
		}
		return r
	}, strings.NewReplacer("%2B", "+", "%2F", "/", "%3D", "=", "%0A", "").Replace(string(value)))
	text, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil {
		return nil, errors.New("the field cdr is neither JSON nor XML, nor one of them in base64")
	}
	return bytes.TrimSpace(bytes.Trim(text, "\x00")), nil
}

// profile is a caller_profile.
type profile struct {
	Destination text `json:"destination_number"`
	CallerID    text `json:"caller_id_number"`
}

// flow is a callflow; a record has one, or a list with the latest first.
type flow struct {
	Profile profile `json:"caller_profile"`
}

// flows takes one or a list.
type flows []flow

// UnmarshalJSON implements json.Unmarshaler.
func (f *flows) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		return json.Unmarshal(b, (*[]flow)(f))
	}
	var one flow
	err := json.Unmarshal(b, &one)
	*f = flows{one}
	return err
}

// text is a value as text, whatever JSON has it as.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	*t = text(s)
	return nil
}

func readJSON(body []byte) (Record, error) {
	var in struct {
		Channel struct {
			Direction text `json:"direction"`
		} `json:"channel_data"`
		Variables map[string]text `json:"variables"`
		Callflow  flows           `json:"callflow"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Record{}, fmt.Errorf("the call record is not readable as JSON: %w", err)
	}
	r := Record{vars: map[string]string{}, direction: string(in.Channel.Direction)}
	for name, value := range in.Variables {
		r.vars[name] = decoded(string(value))
	}
	if n := len(in.Callflow); n > 0 {
		first := in.Callflow[n-1].Profile
		r.destination, r.callerID = decoded(string(first.Destination)), decoded(string(first.CallerID))
	}
	return r.checked()
}

// decoded undoes the escapes that both modules write into values, unless told otherwise.
func decoded(value string) string {
	if plain, err := url.PathUnescape(value); err == nil {
		value = plain
	}
	return strings.TrimSpace(strings.ToValidUTF8(value, "\uFFFD"))
}

// readXML reads leniently: FreeSWITCH writes the texts of others into it.
func readXML(body []byte) (Record, error) {
	body = bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return -1
		}
		return r
	}, bytes.ToValidUTF8(body, []byte("\uFFFD")))
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	r := Record{vars: map[string]string{}}
	var path []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return r.checked()
		}
		if err != nil {
			return Record{}, fmt.Errorf("the call record is not readable as XML: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if path = append(path, token.Name.Local); len(path) > maxDepth {
				return Record{}, errors.New("the call record is not readable as XML: it is nested too deep")
			}
		case xml.EndElement:
			path = path[:max(0, len(path)-1)]
		case xml.CharData:
			r.take(path, string(token))
		}
	}
}

// maxDepth is far more than call records have.
const maxDepth = 50

// take keeps the text of an element where it is used.
func (r *Record) take(path []string, text string) {
	if len(path) < 3 || path[0] != "cdr" {
		return
	}
	last := path[len(path)-1]
	switch within := path[1 : len(path)-1]; {
	case slices.Equal(within, []string{"variables"}):
		r.vars[last] = decoded(text)
	case slices.Equal(within, []string{"channel_data"}) && last == "direction":
		r.direction = decoded(text)
	case !slices.Equal(within, []string{"callflow", "caller_profile"}):
	case last == "destination_number": // the latest callflow comes first
		r.destination = decoded(text)
	case last == "caller_id_number":
		r.callerID = decoded(text)
	}
}

func (r Record) checked() (Record, error) {
	if len(r.vars) == 0 {
		return r, errors.New("the call record has no variables: is it one of mod_json_cdr or mod_xml_cdr?")
	}
	return r, nil
}
