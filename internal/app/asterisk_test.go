package app_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// asteriskModules are those that docs/dialplan/extensions_refrain.conf names, and what
// dials by SIP.
var asteriskModules = []string{
	"app_exec", "app_stack", "app_verbose", "func_callerid", "func_channel", "func_curl",
	"func_cut", "func_env", "func_hangupcause", "func_logic",
	"func_math", "func_strings", "func_uri", "res_curl",
	"app_dial", "bridge_simple", "chan_pjsip", "codec_alaw", "pbx_config", "res_clioriginate",
	"res_pjproject", "res_pjsip", "res_pjsip_pubsub",
	"res_pjsip_sdp_rtp", "res_pjsip_session", "res_rtp_asterisk", "res_sorcery_astdb",
	"res_sorcery_config", "res_sorcery_memory",
}

// dialplan takes the server's URL, the dialplan's path, and the URLs of a server that hangs and of one
// that is broken.
const dialplan = `
[globals]
REFRAIN_URL=%s
REFRAIN_LINE=trunk-a
REFRAIN_TIMEOUT=20
#include "%s"

[outbound]
exten => _X.,1,Gosub(refrain,s,1(${EXTEN},李 & 雷+1))
 same => n,Dial(PJSIP/${EXTEN}@carrier,${IF($["${EXTEN:-4}" = "0180"]?0.2:20)})
 same => n,Hangup()

[open]
exten => _X.,1,Set(REFRAIN_FAIL=open)
 same => n,Goto(outbound,${EXTEN},1)

[hanging]
exten => _X.,1,Set(REFRAIN_URL=%s)
 same => n,Set(REFRAIN_TIMEOUT=0.2)
 same => n,Goto(open,${EXTEN},1)

[broken]
exten => _X.,1,Set(REFRAIN_URL=%s)
 same => n,Goto(open,${EXTEN},1)

; Two calls one after the other, and a place to go to instead of the second.
[again]
exten => _X.,1,Gosub(refrain,s,1(${EXTEN}))
 same => n,Dial(PJSIP/${EXTEN}@carrier,20)
 same => n,Set(REFRAIN_REFUSED=told,s,1)
 same => n,Gosub(refrain,s,1(${EXTEN}))
 same => n,Dial(PJSIP/${EXTEN}@carrier,20)

[unknown]
exten => _X.,1,Set(REFRAIN_KEY=` + unknownKey + `)
 same => n,Goto(open,${EXTEN},1)

[elsewhere]
exten => _X.,1,Set(REFRAIN_LINE=trunk-b)
 same => n,Goto(open,${EXTEN},1)

[told]
exten => s,1,Log(NOTICE,test: told that ${REFRAIN_ANSWER})
`

// unknownKey looks like a key, and is none that any server knows.
const unknownKey = "refrain_nosuchke_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

const pjsipConf = `
[udp]
type=transport
protocol=udp
bind=%s
[carrier]
type=endpoint
context=none
allow=alaw
aors=carrier
[carrier]
type=aor
contact=sip:%s
`

// asterisk is a running Asterisk; lines are what it logs.
type asterisk struct {
	program, conf string
	lines         <-chan string
	// logged are those that were read.
	logged []string
}

// asteriskProgram is the path of Debian's Asterisk; lua lies beside it.
func asteriskProgram(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "../../scripts/asterisk.sh").Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("no Asterisk to try docs/dialplan on: %v", err)
	}
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// startAsterisk runs Debian's Asterisk with the dialplan as it is in docs, and the carrier
// as its trunk, until the test ends. Its environment holds the key.
func startAsterisk(t *testing.T, extensions, carrier, key string) *asterisk {
	t.Helper()
	program, dir := asteriskProgram(t), t.TempDir()
	root := filepath.Join(filepath.Dir(program), "root", "usr")
	modules, err := filepath.Glob(root + "/lib/*/asterisk/modules")
	require.NoError(t, err)
	require.Len(t, modules, 1)
	for name, text := range map[string]string{
		"asterisk.conf": "[directories]\nastetcdir => " + dir + "\nastmoddir => " + modules[0] +
			"\nastdatadir => " + root + "/share/asterisk\n" +
			"astvarlibdir => " + dir + "\nastdbdir => " + dir + "\nastkeydir => " + dir +
			"\nastspooldir => " + dir + "\nastrundir => " + dir +
			"\nastlogdir => " + dir + "\n[options]\nverbose = 3\n",
		"modules.conf": "[modules]\nautoload = no\nload = " +
			strings.Join(asteriskModules, ".so\nload = ") + ".so\n",
		"logger.conf":     "[logfiles]\n/dev/stdout => notice,warning,error,verbose(3)\n",
		"pjsip.conf":      fmt.Sprintf(pjsipConf, freeAddr(t), carrier),
		"extensions.conf": extensions,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	a := &asterisk{program: program, conf: filepath.Join(dir, "asterisk.conf")}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "-C", a.conf, "-f")
	cmd.Env = append(os.Environ(), "REFRAIN_KEY="+key)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines, read := make(chan string, 10_000), make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			lines <- s.Text()
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-read; _ = cmd.Wait() })
	a.lines = lines
	a.await(t, `Asterisk Ready`)
	return a
}

// await waits for a line, and returns its submatches.
func (a *asterisk) await(t *testing.T, form string) []string {
	t.Helper()
	re, limit := regexp.MustCompile(form), time.After(2*time.Minute)
	for {
		select {
		case line := <-a.lines:
			t.Log(line)
			a.logged = append(a.logged, line)
			if m := re.FindStringSubmatch(line); m != nil {
				return m
			}
		case <-limit:
			require.Fail(t, "Asterisk did not log "+form)
		}
	}
}

// call makes a call as a dialler does, and hangs up 0.2 s after the answer; the carrier's
// ringing alone is given up after as long.
func (a *asterisk) call(t *testing.T, number, from string) {
	t.Helper()
	a.command(t, "channel originate Local/"+number+"@"+from+"/n application Wait 0.2")
}

// command does what Asterisk's console does.
func (a *asterisk) command(t *testing.T, line string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), a.program, "-C", a.conf, "-rx",
		line).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// The ends of a call's log: reported, with its id and what came of it, or not made.
const (
	reported = `app_verbose.c: Refrain: call (\S+) reported (.*)`
	notMade  = `NOTICE.* Refrain: call (\S+) is not made: (.*)`
)

// trunk is a server, a carrier, and an Asterisk between them.
type trunk struct {
	*server
	*asterisk
	carrier *carrier
	// ringing are the calls as the server knew them while they rang.
	ringing []*pb.Call
}

// noKey leaves a server without any.
func noKey(*testing.T, *server) string { return "" }

// diallersKey makes an admin's key, and one for a dialler's line.
func diallersKey(t *testing.T, s *server) string {
	t.Helper()
	resp, err := s.Keys.AddKey(t.Context(), &pb.AddKeyRequest{KeyId: "me", Role: pb.Role_ROLE_ADMIN})
	require.NoError(t, err)
	s.admin = apitest.WithKey(t.Context(), resp.GetToken())
	resp, err = s.Keys.AddKey(s.admin, &pb.AddKeyRequest{KeyId: "pbx-1", Role: pb.Role_ROLE_DIALLER,
		Lines: []string{"trunk-a"}})
	require.NoError(t, err)
	return resp.GetToken()
}

// startTrunk starts them with a carrier that says what the ends of numbers stand for. Asterisk has the
// key that key makes.
func startTrunk(t *testing.T, key func(*testing.T, *server) string) *trunk {
	t.Helper()
	cfg := testConfig(t.TempDir())
	// the calls of a test come within seconds of one another
	require.NoError(t, yaml.Unmarshal([]byte("same_call: off"), &cfg.Rules))
	s := start(t, cfg)
	k := &trunk{server: s}
	k.carrier = startCarrier(t, func(number string) string {
		if list, err := k.Calls.ListCalls(t.Context(),
			&pb.ListCallsRequest{Number: number, PageSize: 1}); err == nil {
			k.ringing = append(k.ringing, list.GetCalls()...)
		}
		return map[string]string{
			"180": "180 Ringing", "200": "200 OK", "403": "403 Forbidden", "404": "404 Not Found",
			"486": "486 Busy Here",
			"503": "503 Service Unavailable", "603": "603 Decline", "607": "607 Unwanted",
		}[number[len(number)-3:]]
	})
	hanging, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = hanging.Close() })
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "unavailable: the store is away", http.StatusServiceUnavailable)
	}))
	t.Cleanup(broken.Close)
	path, err := filepath.Abs("../../docs/dialplan/extensions_refrain.conf")
	require.NoError(t, err)
	k.asterisk = startAsterisk(t, fmt.Sprintf(dialplan, "http://"+s.app.HTTPAddr(), path,
		"http://"+hanging.Addr().String(), broken.URL),
		k.carrier.conn.LocalAddr().String(), key(t, s))
	return k
}

// A real Asterisk with the dialplan of docs reserves a call before it is dialled, and
// reports how it ended: only what the called person does is a rejection.
func TestAsteriskReports(t *testing.T) {
	t.Parallel()
	k := startTrunk(t, noKey)
	var want []string
	for _, tt := range []struct {
		number, code string
		outcome      pb.Outcome
	}{
		{"13800000180", "NOANSWER/16/SIP 180 Ringing", pb.Outcome_OUTCOME_NO_ANSWER},
		{"13800000403", "CHANUNAVAIL/21/SIP 403 Forbidden", pb.Outcome_OUTCOME_FAILED},
		{"13800000404", "CHANUNAVAIL/1/SIP 404 Not Found", pb.Outcome_OUTCOME_INVALID_NUMBER},
		{"13800000486", "BUSY/17/SIP 486 Busy Here", pb.Outcome_OUTCOME_BUSY},
		{"13800000503", "CONGESTION/34/SIP 503 Service Unavailable", pb.Outcome_OUTCOME_FAILED},
		{"13800000603", "CHANUNAVAIL/21/SIP 603 Decline", pb.Outcome_OUTCOME_REJECTED},
		{"13800000607", "CHANUNAVAIL/127/SIP 607 Unwanted", pb.Outcome_OUTCOME_REJECTED},
		{"13800000200", "ANSWER/16/SIP 200 OK", pb.Outcome_OUTCOME_ANSWERED},
	} {
		k.call(t, tt.number, "outbound")
		want = append(want, tt.number)
		got, err := k.Calls.GetCall(t.Context(),
			&pb.GetCallRequest{Name: "calls/" + k.await(t, reported)[1]})
		require.NoError(t, err)
		call := got.GetCall()
		require.Equal(t, tt.outcome, call.GetOutcome(), tt.code)
		require.Equal(t, []string{tt.code, "李 & 雷+1", "trunk-a"},
			[]string{call.GetCode(), call.GetAgent(), call.GetLine()})
		require.Less(t, time.Since(call.GetStartTime().AsTime()).Abs(), time.Minute)
		answered := tt.outcome == pb.Outcome_OUTCOME_ANSWERED
		require.Equal(t, answered, call.GetTalk().AsDuration() >= 200*time.Millisecond,
			call.GetTalk())
	}
	require.Equal(t, want, k.carrier.seen())
	require.Len(t, k.ringing, len(want))
	for _, call := range k.ringing {
		require.Equal(t, pb.Outcome_OUTCOME_UNSPECIFIED, call.GetOutcome(),
			"reserved, and not yet reported")
	}

	k.call(t, "13800001180", "outbound") // where the agent gives up
	agent := k.await(t, `Dial\("(Local/\S+;)2"`)[1] + "1"
	k.await(t, `PJSIP/\S+ is ringing`)
	k.command(t, "channel request hangup "+agent)
	got, err := k.Calls.GetCall(t.Context(),
		&pb.GetCallRequest{Name: "calls/" + k.await(t, reported)[1]})
	require.NoError(t, err)
	require.Equal(t, pb.Outcome_OUTCOME_CANCELLED, got.GetCall().GetOutcome(),
		got.GetCall().GetCode())
}

// The third rejection on a day freezes a number: Asterisk doesn't dial it any more.
func TestAsteriskRefuses(t *testing.T) {
	t.Parallel()
	k := startTrunk(t, noKey)
	for range 2 {
		k.call(t, "13800000603", "outbound")
		require.Equal(t, "created -", k.await(t, reported)[2])
	}
	k.call(t, "13800000603", "again") // where the channel then asks for the same number once more
	first := k.await(t, reported)
	require.Regexp(t, `^created freezes/`, first[2])
	second := k.await(t, notMade)
	require.Equal(t, first[1]+"-2", second[1], "each call has its own id")
	require.Regexp(t, `^refused frozen 20`, second[2])
	k.await(t, `test: told that refused frozen`)

	k.call(t, "13800000603", "open")
	require.Regexp(t, `^refused frozen 20`, k.await(t, notMade)[2])
	k.call(t, "12", "open")
	require.Regexp(t, `^error: .* not a telephone number`, k.await(t, notMade)[2])
	require.Equal(t, []string{"13800000603", "13800000603", "13800000603"}, k.carrier.seen())
}

// Whether to call when nobody answers the question is the dialplan's to say.
func TestAsteriskUnanswered(t *testing.T) {
	t.Parallel()
	k := startTrunk(t, noKey)
	require.NoError(t, k.stop())
	k.call(t, "13800000486", "outbound")
	require.Empty(t, k.await(t, notMade)[2])
	require.Empty(t, k.carrier.seen())
	for n, from := range []string{"open", "hanging", "broken"} {
		k.call(t, "13800000486", from)
		k.await(t, `WARNING.* Refrain did not answer for call`)
		k.await(t, `WARNING.* Refrain: call \S+ could not be reported`)
		require.Len(t, k.carrier.seen(), n+1, from)
	}
}

// With a dialler's key the dialplan asks and reports for the key's line. Without a right one no call is
// made, also where it would be if nobody answered, and the log says why; it never shows a key.
func TestAsteriskHasAKey(t *testing.T) {
	t.Parallel()
	var token string
	k := startTrunk(t, func(t *testing.T, s *server) string {
		t.Helper()
		token = diallersKey(t, s)
		return token
	})
	k.call(t, "13800000486", "outbound")
	done := k.await(t, reported)
	got, err := k.Calls.GetCall(k.admin, &pb.GetCallRequest{Name: "calls/" + done[1]})
	require.NoError(t, err)
	require.Equal(t, pb.Outcome_OUTCOME_BUSY, got.GetCall().GetOutcome())
	require.Equal(t, "trunk-a", got.GetCall().GetLine())
	k.call(t, "13800000486", "unknown")
	require.Regexp(t, `^error: the server doesn't know the key refrain_nosuchke\.\.\.`, k.await(t, notMade)[2])
	k.call(t, "13800000486", "elsewhere")
	require.Regexp(t, `^error: .*trunk-b`, k.await(t, notMade)[2])
	require.Equal(t, []string{"13800000486"}, k.carrier.seen())
	logged := strings.Join(k.logged, "\n")
	require.NotContains(t, logged, token[len("refrain_12345678"):], "whoever reads the log could ask")
	require.NotContains(t, logged, "refrain:"+unknownKey, "that of a variable is logged only where it is set")
}
