//go:build unix

package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/config"
	"github.com/refrain-asr/refrain/internal/secret"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// databaseEnv names the database of a server in a process of its own.
const databaseEnv = "REFRAIN_TEST_DATABASE"

// keyEnv names the file with its ledger's key, where that is not in its directory.
const keyEnv = "REFRAIN_TEST_KEY"

// speechEnv is the address of a speech server for a server in a process of its own.
const speechEnv = "REFRAIN_TEST_SPEECH"

// soon is within what time one server has what another was told.
const soon = time.Second

// several are servers on one database and bucket.
type several struct {
	testing.TB

	b   bucket
	url string
	key string // the file that it lies in
}

func newSeveral(t testing.TB) *several {
	t.Helper()
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, fmt.Appendf(nil, "%064x\n", time.Now().UnixNano()), 0o600))
	return &several{TB: t, url: inPostgres(t), b: newBucket(t), key: key}
}

// config is that of another server of them.
func (s *several) config() config.Config {
	s.Helper()
	c := s.b.config(s.TempDir())
	c.Database.URL = s.url
	c.Ledger.Key = secret.Source{File: s.key}
	return c
}

// spawn runs another one in a process of its own.
func (s *several) spawn(env ...string) *process {
	s.Helper()
	is, err := json.Marshal(s.b.is)
	require.NoError(s, err)
	return spawn(s.TB, s.config().Data, append(env, bucketEnv+"="+string(is), databaseEnv+"="+s.url, keyEnv+"="+s.key)...)
}

// two are two servers that have begun at once.
func (s *several) two() [2]*server {
	s.Helper()
	var both [2]*server
	var starting sync.WaitGroup
	for i, cfg := range []config.Config{s.config(), s.config()} {
		starting.Go(func() { both[i] = start(s.TB, cfg) })
	}
	starting.Wait()
	require.NotContains(s, both[:], (*server)(nil))
	return both
}

// Whichever of two servers is asked, it knows what the other was told: pages go on, what is sent again is known,
// who watches hears, and a suspect is one reviewer's.
func TestTwoServersAreOne(t *testing.T) {
	t.Parallel()
	ctx, s := as(t.Context(), "li"), newSeveral(t)
	both := s.two()
	one, two := both[0], both[1]

	// What one was told is refused by the other within a second, and it says up to when it knows.
	const refuser = "13800138111"
	req := &pb.CreateFreezeRequest{Number: refuser, Reason: "asked", RequestId: "r1"}
	made, err := one.Freezes.CreateFreeze(ctx, req)
	require.NoError(t, err)
	told := time.Now()
	require.Eventually(t, func() bool {
		resp, err := two.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: refuser})
		require.NoError(t, err)
		if resp.GetAnswer().GetAllowed() {
			require.False(t, resp.GetAsOf().AsTime().After(told), "it says that it does not know yet")
			return false
		}
		return true
	}, soon, time.Millisecond)
	again, err := two.Freezes.CreateFreeze(ctx, req)
	require.NoError(t, err)
	require.Equal(t, made.GetFreeze().GetName(), again.GetFreeze().GetName(), "the same request at the other is the same")

	// Pages go on at the other.
	for i := range 5 {
		one.freezeAll(t, fmt.Sprintf("1380013812%d", i))
	}
	seen, list := map[string]bool{}, &pb.ListFreezesRequest{PageSize: 2}
	for i := 0; ; i++ {
		page, err := both[i%2].Freezes.ListFreezes(ctx, list)
		require.NoError(t, err)
		for _, f := range page.GetFreezes() {
			require.False(t, seen[f.GetName()])
			seen[f.GetName()] = true
		}
		if list.PageToken = page.GetNextPageToken(); list.PageToken == "" {
			break
		}
	}
	require.Len(t, seen, 6)

	// What both are sent at once is there once, and is heard of at either.
	wav := sample(t, refusalSample)
	var sending sync.WaitGroup
	var names [2]string
	var duplicates atomic.Int32
	for i, c := range both {
		sending.Go(func() {
			resp, err := c.Upload(ctx, meta(1), bytes.NewReader(wav))
			if err == nil {
				names[i] = resp.GetRecording().GetName()
				if resp.GetDuplicate() {
					duplicates.Add(1)
				}
			}
		})
	}
	sending.Wait()
	require.NotEmpty(t, names[0])
	require.Equal(t, names[0], names[1])
	require.EqualValues(t, 1, duplicates.Load())
	for _, c := range both {
		rec := c.final(ctx, t, names[0])
		require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
		_, file, err := c.audio(ctx, &pb.GetRecordingAudioRequest{Name: names[0]})
		require.NoError(t, err)
		require.True(t, bytes.Equal(wav, file))
	}

	// A suspect that somebody has from one server nobody else gets from the other, and he decides it there.
	claimed, err := one.Review.ClaimNextSuspect(ctx, &pb.ClaimNextSuspectRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, claimed.GetSuspect().GetName())
	nothing, err := two.Review.ClaimNextSuspect(as(t.Context(), "wang"), &pb.ClaimNextSuspectRequest{})
	require.NoError(t, err)
	require.Nil(t, nothing.GetSuspect())
	decide := &pb.DecideSuspectRequest{Name: claimed.GetSuspect().GetName(), Verdict: pb.Decision_VERDICT_CONFIRMED, RequestId: "r2"}
	_, err = two.Review.DecideSuspect(ctx, decide)
	require.NoError(t, err)
	_, err = one.Review.DecideSuspect(ctx, decide)
	require.NoError(t, err, "again")
	require.Len(t, one.FreezesOf(t, meta(1).GetNumber()), 1)
	for _, c := range both {
		require.False(t, c.allowed(t, meta(1).GetNumber()))
	}

	// Rules that one was told count for the next report at the other.
	_, err = one.Rules.ActivateRules(ctx, &pb.ActivateRulesRequest{Rules: &pb.ActivateRulesRequest_Source{Source: "name: strict\n" +
		`rules: [{name: one, title: One, when: "true", limit: 1, window: day, per: number, freeze: 24h}]`}})
	require.NoError(t, err)
	call := apitest.Rejected("rejected", "13800138999", time.Now())
	_, err = two.Calls.ReportCall(ctx, &pb.ReportCallRequest{Call: call})
	require.NoError(t, err)
	require.Len(t, one.FreezesOf(t, "13800138999"), 1)

	v, err := one.Freezes.VerifyLedger(ctx, &pb.VerifyLedgerRequest{})
	require.NoError(t, err)
	require.Empty(t, v.GetProblems())
}

// However many ask at two servers at once, the last permitted attempt is given once.
func TestTwoServersGiveTheLastAttemptOnce(t *testing.T) {
	t.Parallel()
	ctx, both := t.Context(), newSeveral(t).two()
	const permitted = 6
	var given atomic.Int32
	var asking sync.WaitGroup
	for i := range 20 {
		asking.Go(func() {
			resp, err := both[i%2].Reserve(ctx, fmt.Sprint("call-", i), "13800138001")
			if err == nil && resp.GetAnswer().GetAllowed() {
				given.Add(1)
			}
		})
	}
	asking.Wait()
	require.EqualValues(t, permitted, given.Load())
}

// Who signed in at one server is known to the other at once, and unknown to both within a second after he signed out
// at either.
func TestTwoServersKnowWhoSignedIn(t *testing.T) {
	t.Parallel()
	both := newSeveral(t).two()
	addUser(t, both[0], "li", pb.Role_ROLE_REVIEWER)
	b := newBrowser(t, "http://"+both[0].app.HTTPAddr(), nil)
	require.Empty(t, b.signIn(t, "li", password))
	b.base = "http://" + both[1].app.HTTPAddr()
	code, _ := b.ask(t, "GET", "/v1/suspects", "")
	require.Equal(t, http.StatusOK, code)
	code, _ = b.ask(t, "POST", "/v1/suspects:claimNext", `{}`)
	require.Equal(t, http.StatusOK, code, "its token against forged requests counts, too")
	held := cookie(t, b)
	code, _ = b.ask(t, "DELETE", "/v1/sessions/current", "")
	require.Equal(t, http.StatusNoContent, code)
	for _, c := range both {
		require.Eventually(t, func() bool {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+c.app.HTTPAddr()+"/v1/suspects", http.NoBody)
			require.NoError(t, err)
			req.AddCookie(&http.Cookie{Name: "refrain", Value: held})
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			return resp.StatusCode == http.StatusUnauthorized
		}, soon, 10*time.Millisecond)
	}
}

// slowSpeech is a speech server that answers once it is let.
func slowSpeech(t testing.TB) (srv *httptest.Server, let func()) {
	t.Helper()
	goOn := make(chan struct{})
	let = sync.OnceFunc(func() { close(goOn) })
	srv = speechAfter(t, func(ctx context.Context) {
		select {
		case <-goOn:
		case <-ctx.Done():
		}
	})
	t.Cleanup(let)
	return srv, let
}

// speechAfter is a speech server that always hears the same, after some waiting.
func speechAfter(t testing.TB, waiting func(context.Context)) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		waiting(r.Context())
		_ = json.NewEncoder(w).Encode(map[string]string{"text": "嗯。"})
	}))
	t.Cleanup(srv.Close)
	return srv
}

// A server that starts leaves alone what another one is at.
func TestAStartTakesNothing(t *testing.T) {
	t.Parallel()
	ctx, s := as(t.Context(), "li"), newSeveral(t)
	speech, let := slowSpeech(t)
	hears := func(c config.Config) config.Config {
		c.Speech = remoteConfig(c.Data, speech).Speech
		return c
	}
	one := start(t, hears(s.config()))
	resp, err := one.Upload(ctx, meta(1), bytes.NewReader(sample(t, refusalSample)))
	require.NoError(t, err)
	name := resp.GetRecording().GetName()
	one.running(ctx, t, name)
	two := start(t, hears(s.config()))
	rec, err := two.Recordings.GetRecording(ctx, &pb.GetRecordingRequest{Name: name})
	require.NoError(t, err)
	require.Equal(t, pb.Recording_STATE_RUNNING, rec.GetRecording().GetState())
	_, _, err = two.audio(ctx, &pb.GetRecordingAudioRequest{Name: name})
	require.NoError(t, err)
	let()
	rec2 := two.final(ctx, t, name)
	require.Equal(t, pb.Recording_STATE_DONE, rec2.GetState())
	require.EqualValues(t, 1, rec2.GetAttempts(), "nobody else began it")
}

// What a server is at that is killed, or paused, another one takes up within a minute, and one result is kept.
func TestAnotherServerTakesOver(t *testing.T) {
	t.Parallel()
	ctx, s := as(t.Context(), "li"), newSeveral(t)
	speech, let := slowSpeech(t)
	first := s.spawn(speechEnv + "=" + speech.URL) // which leads
	resp, err := first.Upload(ctx, meta(1), bytes.NewReader(sample(t, refusalSample)))
	require.NoError(t, err)
	name := resp.GetRecording().GetName()
	first.running(ctx, t, name)
	two := start(t, s.config()) // later, or it may be the one that takes it
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGSTOP))
	within, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	rec := two.final(within, t, name)
	require.Equal(t, pb.Recording_STATE_DONE, rec.GetState(), "%v", rec.GetError())
	require.EqualValues(t, 2, rec.GetAttempts(), "it was taken from the first")
	let() // and what it hears comes too late
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGCONT))
	two.freezeAll(t, "13800138555")
	require.Eventually(t, func() bool {
		resp, err := first.Gate.CheckNumber(ctx, &pb.CheckNumberRequest{Number: "13800138555"})
		return err == nil && !resp.GetAnswer().GetAllowed()
	}, time.Minute, 10*time.Millisecond, "it takes part again")
	v, err := first.Freezes.VerifyLedger(ctx, &pb.VerifyLedgerRequest{})
	require.NoError(t, err)
	require.Empty(t, v.GetProblems())
	list, err := two.Recordings.ListRecordings(ctx, &pb.ListRecordingsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetRecordings(), 1)
	require.Equal(t, 1, strings.Count(strings.Join(s.b.names(t), " "), strings.TrimPrefix(name, "recordings/")))
}
