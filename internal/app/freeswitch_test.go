package app_test

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

const luaScript = "../../docs/dialplan/refrain.lua"

// runLua runs the script of docs in Lua, while the test plays FreeSWITCH, and returns what
// the script did, a line each, and the variables that it set.
func runLua(
	t *testing.T, args string, vars map[string]string,
) (did []string, set map[string]string) {
	t.Helper()
	program := filepath.Join(filepath.Dir(asteriskProgram(t)), "lua")
	argv := []string{"testdata/freeswitch.lua", luaScript, args}
	for name, value := range vars {
		argv = append(argv, name+"="+value)
	}
	cmd := exec.CommandContext(t.Context(), program, argv...)
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	set = map[string]string{}
	for s := bufio.NewScanner(stdout); s.Scan(); {
		t.Log(s.Text())
		word, rest, _ := strings.Cut(s.Text(), " ")
		switch word {
		case "curl":
			_, err := fmt.Fprintln(stdin, strings.TrimSpace(curlAsFreeSWITCH(t, rest)))
			require.NoError(t, err)
		case "set":
			name, value, _ := strings.Cut(rest, "=")
			set[name] = value
		default:
			did = append(did, s.Text())
		}
	}
	require.NoError(t, cmd.Wait())
	return did, set
}

// curlAsFreeSWITCH does what mod_curl makes of its arguments: a space ends each, those it
// doesn't know it passes over, and what is posted it decodes.
func curlAsFreeSWITCH(t *testing.T, args string) string {
	t.Helper()
	words := strings.Split(args, " ")
	at := slices.Index(words, "post")
	require.Equal(t, len(words)-2, at, args)
	posted, err := url.PathUnescape(words[at+1])
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, words[0],
		strings.NewReader(posted))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(b)
}

// legVariables are the variables that a dial string gives its leg.
func legVariables(t *testing.T, leg string) map[string]string {
	t.Helper()
	require.Regexp(t, `^\{[^{}\[\]]+\}$`, leg)
	vars := map[string]string{}
	for part := range strings.SplitSeq(strings.Trim(leg, "{}"), ",") {
		name, value, ok := strings.Cut(part, "=")
		require.True(t, ok, part)
		require.Regexp(t, `^('[^']*'|[^ '=]*)$`, value)
		vars[name] = strings.Trim(value, "'")
	}
	return vars
}

// FreeSWITCH's script asks for a call and reports its leg. FreeSWITCH itself is not here:
// Debian has no package of it.
func TestFreeSWITCHScript(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	calls := pb.NewCallServiceClient(s.Conn)
	channel := func(uuid, number string) map[string]string {
		return map[string]string{
			"uuid": uuid, "refrain_agent": "李 & 雷+'1",
			"effective_caller_id_number": "+861055550000",
			"global refrain_url":         "http://" + s.app.HTTPAddr(),
			"global refrain_line":        "trunk-a", "number": number,
		}
	}
	for i, tt := range []struct {
		leg     map[string]string
		code    string
		outcome pb.Outcome
		talk    time.Duration
		by      pb.Party
	}{
		{map[string]string{"hangup_cause": "CALL_REJECTED", "sip_invite_failure_status": "603",
			"sip_invite_failure_phrase": "Decline"},
			"CALL_REJECTED/603 Decline", pb.Outcome_OUTCOME_REJECTED, 0,
			pb.Party_PARTY_UNSPECIFIED},
		{map[string]string{"hangup_cause": "CALL_REJECTED", "sip_term_status": "403"},
			"CALL_REJECTED/403", pb.Outcome_OUTCOME_FAILED, 0, pb.Party_PARTY_UNSPECIFIED},
		{map[string]string{"hangup_cause": "NORMAL_CLEARING", "sip_term_status": "200",
			"billmsec": "15400", "sip_hangup_disposition": "recv_bye"},
			"NORMAL_CLEARING/200", pb.Outcome_OUTCOME_ANSWERED, 15400 * time.Millisecond,
			pb.Party_PARTY_CUSTOMER},
		{map[string]string{"hangup_cause": "NORMAL_CLEARING", "billmsec": "9000",
			"refrain_outcome": "voicemail", "sip_hangup_disposition": "send_bye"},
			"NORMAL_CLEARING", pb.Outcome_OUTCOME_VOICEMAIL, 9 * time.Second, pb.Party_PARTY_AGENT},
	} {
		id, number := fmt.Sprintf("leg-%d", i), fmt.Sprintf("1380000000%d", i)
		did, set := runLua(t, "ask "+number, channel(id, number))
		require.Empty(t, did)
		require.Equal(t, id, set["refrain_call"])
		leg := legVariables(t, set["refrain_leg"])
		require.Equal(t, "lua refrain.lua report", leg["api_hangup_hook"])
		reserved, err := calls.GetCall(t.Context(), &pb.GetCallRequest{Name: "calls/" + id})
		require.NoError(t, err)
		require.Equal(t, pb.Outcome_OUTCOME_UNSPECIFIED, reserved.GetCall().GetOutcome())

		maps.Copy(leg, tt.leg)
		leg["end_uepoch"] = "1795490000000000"
		did, _ = runLua(t, "report", leg)
		require.Empty(t, did)
		got, err := calls.GetCall(t.Context(), &pb.GetCallRequest{Name: "calls/" + id})
		require.NoError(t, err)
		call := got.GetCall()
		require.Equal(t, tt.outcome, call.GetOutcome())
		require.Equal(t, tt.code, strings.TrimSpace(call.GetCode()))
		require.Equal(t, tt.talk, call.GetTalk().AsDuration())
		require.Equal(t, tt.by, call.GetEndedBy())
		require.Equal(t, []string{"李 & 雷+'1", "trunk-a", "+861055550000"},
			[]string{call.GetAgent(), call.GetLine(), call.GetCallerId()})
		require.EqualValues(t, 1795490000000000, call.GetRevision())
	}
}

// Where the number may not be called, or nobody says that it may, the script ends the call.
func TestFreeSWITCHScriptRefuses(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	ask := func(number string, more ...string) ([]string, map[string]string) {
		vars := map[string]string{"uuid": "a", "refrain_url": "http://" + s.app.HTTPAddr(),
			"refrain_count": "1"}
		for i := 0; i < len(more); i += 2 {
			vars[more[i]] = more[i+1]
		}
		return runLua(t, "ask "+number, vars)
	}
	_, err := s.Freezes.CreateFreeze(as(t.Context(), "li"),
		&pb.CreateFreezeRequest{Number: "13800000001", Reason: "asked by letter"})
	require.NoError(t, err)

	did, set := ask("13800000001")
	require.Len(t, did, 2)
	require.Regexp(t, `^log notice Refrain: call a-2 is not made: refused frozen `, did[0])
	require.Equal(t, "hangup CALL_REJECTED", did[1])
	require.Empty(t, set["refrain_leg"])
	require.Regexp(t, "^refused frozen ", set["refrain_answer"])
	did, _ = ask("13800000001", "refrain_refused", "told XML default", "refrain_fail", "open")
	require.Equal(t, "transfer told XML default", did[1])
	did, _ = ask("12", "refrain_fail", "open")
	require.Regexp(t, `^log notice .* error: .*not a telephone number`, did[0])

	require.NoError(t, s.stop())
	did, _ = ask("13800000002")
	require.Equal(t, []string{"log warning Refrain did not answer for call a-2",
		"log notice Refrain: call a-2 is not made: ", "hangup CALL_REJECTED"}, did)
	did, set = ask("13800000002", "refrain_fail", "open")
	require.Equal(t, []string{"log warning Refrain did not answer for call a-2"}, did)
	did, _ = runLua(t, "report", legVariables(t, set["refrain_leg"]))
	require.Regexp(t, `^log warning Refrain: call a-2 could not be reported: $`, did[0])
}

// With a dialler's key the script asks and reports for the key's line; with a wrong one it makes no call,
// and says why. The channel's variables, which stand in call records, don't hold the key.
func TestFreeSWITCHScriptHasAKey(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	key := diallersKey(t, s)
	ask := func(key, line string) ([]string, map[string]string) {
		return runLua(t, "ask 13800000001", map[string]string{"uuid": "leg-1", "refrain_fail": "open",
			"global refrain_url": "http://" + s.app.HTTPAddr(), "global refrain_key": key, "refrain_line": line})
	}
	did, set := ask(unknownKey, "trunk-a")
	require.Regexp(t, `is not made: error: the server doesn't know the key refrain_nosuchke\.\.\.`, did[0])
	require.Equal(t, "hangup CALL_REJECTED", did[1])
	require.Empty(t, set["refrain_leg"])
	did, _ = ask(key, "trunk-b")
	require.Regexp(t, `is not made: error: .*trunk-b`, did[0])

	did, set = ask(key, "trunk-a")
	require.Empty(t, did)
	for name, value := range set {
		require.NotContains(t, value, key[len("refrain_12345678"):], name)
	}
	leg := legVariables(t, set["refrain_leg"])
	leg["hangup_cause"] = "USER_BUSY"
	leg["global refrain_key"] = unknownKey
	did, _ = runLua(t, "report", leg)
	require.Regexp(t, `^log warning .* could not be reported: error: the server doesn't know the key`, did[0])
	leg["global refrain_key"] = key
	did, _ = runLua(t, "report", leg)
	require.Empty(t, did)
	got, err := s.Calls.GetCall(s.admin, &pb.GetCallRequest{Name: "calls/leg-1"})
	require.NoError(t, err)
	require.Equal(t, pb.Outcome_OUTCOME_BUSY, got.GetCall().GetOutcome())
	require.Equal(t, "trunk-a", got.GetCall().GetLine())
}

// FreeSWITCH reads all of its dialplan or nothing.
func TestFreeSWITCHDialplanIsXML(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../docs/dialplan/refrain.xml")
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	d := xml.NewDecoder(f)
	for d.Strict = true; ; {
		if _, err := d.Token(); err != nil {
			require.ErrorIs(t, err, io.EOF)
			return
		}
	}
}
