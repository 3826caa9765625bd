package cdr

import (
	"encoding/base64"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

func file(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return strings.TrimSpace(string(text))
}

// broken puts line ends into base64, as FreeSWITCH does.
func broken(text string) string {
	var b strings.Builder
	for i, r := range base64.StdEncoding.EncodeToString([]byte(text)) {
		if i > 0 && i%72 == 0 {
			b.WriteByte('\n')
		}
		b.WriteRune(r)
	}
	return b.String()
}

var wanted = map[string]*pb.Call{
	"customer.json": {
		CallId: "aa51c1b2-0d6e-4b0b-8a0e-51d6a0f0a101", Number: "13800138000", Agent: "李雷",
		Line: "trunk-a", CallerId: "02110086", Code: "CALL_REJECTED/603 Decline",
		CodeSystem: pb.CodeSystem_CODE_SYSTEM_FREESWITCH, Talk: durationpb.New(0),
		StartTime: timestamppb.New(time.Date(2026, 3, 2, 1, 15, 0, 124059000, time.UTC)),
	},
	"customer.xml": {
		CallId: "bb62d2c3-1e7f-4c1c-9b1f-62e7b1a1b202", Number: "+8613800138001",
		Line: "trunk-b", CallerId: "02110087", Code: "NORMAL_CLEARING/200",
		CodeSystem: pb.CodeSystem_CODE_SYSTEM_FREESWITCH, EndedBy: pb.Party_PARTY_CUSTOMER,
		Talk:      durationpb.New(2339990 * time.Microsecond),
		StartTime: timestamppb.New(time.Date(2026, 3, 2, 1, 20, 0, 553303000, time.UTC)),
	},
}

// Both modules post in several encodings; what is in them is the same.
func TestRead(t *testing.T) {
	t.Parallel()
	for name, want := range wanted {
		text := file(t, name)
		for form, body := range map[string]string{
			"plain":              text,
			"plain in a form":    "cdr=" + text,
			"escaped":            "cdr=" + url.QueryEscape(text),
			"escaped with %20":   "cdr=" + url.PathEscape(text),
			"base64":             "cdr=" + broken(text),
			"base64 in one line": "cdr=" + base64.StdEncoding.EncodeToString([]byte(text)),
			"base64 with a NUL":  "cdr=" + broken(text+"\x00"),
			"base64 escaped":     "cdr=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(text))),
			"with line ends":     "\r\n" + text + "\r\n",
		} {
			r, err := Read([]byte(body))
			require.NoError(t, err, "%s %s", name, form)
			require.True(t, r.Outbound())
			require.True(t, r.ByTrunk())
			got, err := r.Call()
			require.NoError(t, err, "%s %s", name, form)
			require.True(t, proto.Equal(want, got), "%s %s: %v", name, form, got)
		}
	}
}

// What a leg is called by, its number, talk and cause are looked for where they can be.
func TestCallOfVariables(t *testing.T) {
	t.Parallel()
	base := `"direction":"outbound","uuid":"u1","hangup_cause":"USER_BUSY","start_epoch":"1772414400",` +
		`"sip_to_user":"13800138000"`
	for more, want := range map[string]func(*pb.Call) any{
		"":                                     func(c *pb.Call) any { return c.GetCallId() == "u1" && c.GetTalk() == nil },
		`,"refrain_call":"r","originator":"o"`: func(c *pb.Call) any { return c.GetCallId() == "r" },
		`,"refrain_call_id":"q"`:               func(c *pb.Call) any { return c.GetCallId() == "q" },
		`,"call_uuid":"a"`:                     func(c *pb.Call) any { return c.GetCallId() == "a" },
		`,"refrain_number":"13900139000"`:      func(c *pb.Call) any { return c.GetNumber() == "13900139000" },
		`,"billsec":"42"`:                      func(c *pb.Call) any { return c.GetTalk().AsDuration() == 42*time.Second },
		`,"billsec":42`:                        func(c *pb.Call) any { return c.GetTalk().AsDuration() == 42*time.Second },
		`,"billmsec":"0"`:                      func(c *pb.Call) any { return c.GetTalk() != nil && c.GetTalk().AsDuration() == 0 },
		`,"proto_specific_hangup_cause":"sip:486"`: func(c *pb.Call) any { return c.GetCode() == "USER_BUSY/486" },
		`,"refrain_outcome":"voicemail"`:           func(c *pb.Call) any { return c.GetOutcome() == pb.Outcome_OUTCOME_VOICEMAIL },
		`,"refrain_virtual":"true"`:                func(c *pb.Call) any { return c.GetVirtual() },
		`,"sip_hangup_disposition":"send_bye"`:     func(c *pb.Call) any { return c.GetEndedBy() == pb.Party_PARTY_AGENT },
		`,"x":"%zz","y":null,"z":{"a":[1]}`:        func(c *pb.Call) any { return c.GetCallId() == "u1" },
	} {
		r, err := Read([]byte(`{"variables":{` + base + more + `}}`))
		require.NoError(t, err, more)
		c, err := r.Call()
		require.NoError(t, err, more)
		require.Equal(t, true, want(c), "%s: %v", more, c)
	}
	old := `{"variables":{"direction":"outbound","uuid":"u1","hangup_cause_q850":"17","start_epoch":"1772414400"},` +
		`"callflow":{"caller_profile":{"destination_number":"13800138000"}}}`
	r, err := Read([]byte(old))
	require.NoError(t, err)
	c, err := r.Call()
	require.NoError(t, err)
	require.Equal(t, []string{"13800138000", "17"}, []string{c.GetNumber(), c.GetCode()})
}

// What has more digits than an extension is a number that nobody understands yet.
func TestIsExtension(t *testing.T) {
	t.Parallel()
	for dialled, want := range map[string]bool{"": true, "1001": true, "880123": true, "*98": true,
		"park+701": true, "conference": true, "agent-li": true, "8801234": false,
		"8813800138077": false, "9#13800138077": false, "a13800138077": false, "１３８００１３８０７７": false} {
		require.Equal(t, want, IsExtension(dialled), dialled)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                            "is empty",
		"cdr=":                        "neither JSON nor XML",
		"cdr=%zz":                     "can't be read",
		"cdr=!!!":                     "neither JSON nor XML",
		"uuid=1":                      "must begin with { or <",
		"{":                           "not readable as JSON",
		"{}":                          "has no variables",
		"<cdr>":                       "not readable as XML",
		"<html><body>x</body></html>": "has no variables",
		strings.Repeat("<a>", 60):     "nested too deep",
	} {
		if body == "cdr=" {
			want = "is empty"
		}
		_, err := Read([]byte(body))
		require.ErrorContains(t, err, want, body)
	}
	for vars, want := range map[string]string{
		`"uuid":"1"`:                     "no start_uepoch or start_epoch",
		`"start_epoch":"99999999999999"`: "no start_uepoch",
		`"start_epoch":"1772414400"`:     "no hangup_cause",
		`"start_epoch":"1772414400","hangup_cause":"X","billsec":"-1"`:           `billsec is "-1"`,
		`"start_epoch":"1772414400","hangup_cause":"X","refrain_outcome":"gone"`: `refrain_outcome is "gone"`,
	} {
		r, err := Read([]byte(`{"variables":{` + vars + `}}`))
		require.NoError(t, err, vars)
		_, err = r.Call()
		require.ErrorContains(t, err, want, vars)
	}
}

// Texts of others in a record, in whatever encoding, keep nothing else from being read.
func TestForeignTexts(t *testing.T) {
	t.Parallel()
	odd := strings.Replace(file(t, "customer.xml"), "<DP_MATCH>a", "<caller_id_name>\xc0\xee\x01&</caller_id_name><DP_MATCH>a", 1)
	odd = strings.Replace(odd, `version="1.0"`, `version="1.0" encoding="GB18030"`, 1)
	r, err := Read([]byte(odd))
	require.NoError(t, err)
	require.Equal(t, "trunk-b", r.vars["sip_gateway_name"])
	odd = strings.Replace(file(t, "customer.json"), `"n":5`, "\"n\":\"\xc0\xee\"", 1)
	r, err = Read([]byte(odd))
	require.NoError(t, err)
	require.Equal(t, "\uFFFD\uFFFD", r.vars["n"])
}

func FuzzRead(f *testing.F) {
	for name := range wanted {
		text := file(f, name)
		f.Add([]byte(text))
		f.Add([]byte("cdr=" + url.QueryEscape(text)))
		f.Add([]byte("cdr=" + broken(text)))
	}
	f.Add([]byte(`{"variables":{"start_uepoch":"9223372036854775807","billsec":"9223372036854775807"}}`))
	f.Add([]byte("<cdr><variables><a><b/></a></variables>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Read(body)
		if err != nil {
			return
		}
		c, err := r.Call()
		if err != nil {
			return
		}
		require.NoError(t, c.GetStartTime().CheckValid())
		require.True(t, c.GetTalk() == nil || c.GetTalk().IsValid())
		_, err = proto.Marshal(c)
		require.NoError(t, err)
	})
}
