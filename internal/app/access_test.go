package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/health/grpc_health_v1"         // whose RPCs are enumerated
	_ "google.golang.org/grpc/reflection/grpc_reflection_v1" // whose RPCs are enumerated
	_ "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/internal/apitest"
	"github.com/refrain-asr/refrain/internal/app"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// rpcs are all RPCs that a server has, from the descriptors that are linked into it.
func rpcs() (all []protoreflect.MethodDescriptor) {
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if p := string(f.Package()); p != "refrain.v1" && !strings.HasPrefix(p, "grpc.") {
			return true
		}
		for i := range f.Services().Len() {
			methods := f.Services().Get(i).Methods()
			for k := range methods.Len() {
				all = append(all, methods.Get(k))
			}
		}
		return true
	})
	return all
}

func nameOf(m protoreflect.MethodDescriptor) string {
	return string(m.Parent().FullName()) + "/" + string(m.Name())
}

// codeOfRPC calls an RPC with an empty request, and gives the code of its answer.
func codeOfRPC(ctx context.Context, conn *grpc.ClientConn, m protoreflect.MethodDescriptor) codes.Code {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	in, out := dynamicpb.NewMessage(m.Input()), dynamicpb.NewMessage(m.Output())
	if !m.IsStreamingClient() && !m.IsStreamingServer() {
		return status.Code(conn.Invoke(ctx, "/"+nameOf(m), in, out))
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
		"/"+nameOf(m))
	if err == nil {
		err = stream.SendMsg(in)
	}
	if errors.Is(err, io.EOF) || err == nil { // where the server ended it, receiving says why
		_ = stream.CloseSend()
		err = stream.RecvMsg(out)
	}
	if errors.Is(err, io.EOF) {
		return codes.OK
	}
	return status.Code(err)
}

// keysOf makes a key of each role. The admin's is the first.
func keysOf(t *testing.T, s *server) map[access.Role]string {
	t.Helper()
	tokens := map[access.Role]string{}
	roles := access.Roles()
	slices.Reverse(roles)
	require.Equal(t, access.Admin, roles[0])
	ctx := t.Context()
	for _, r := range roles {
		resp, err := s.Keys.AddKey(ctx, &pb.AddKeyRequest{KeyId: string(r),
			Role: pb.Role(pb.Role_value["ROLE_"+strings.ToUpper(string(r))])})
		require.NoError(t, err, r)
		require.False(t, resp.GetNoAdmin())
		tokens[r] = resp.GetToken()
		ctx = apitest.WithKey(t.Context(), tokens[access.Admin]) //nolint:fatcontext // anew each time
	}
	return tokens
}

// Every RPC refuses who has no key and whose role is another's, and nobody else: what has no rule, and
// what a new service forgets, is found here.
func TestEveryRPCAsksWhoCalls(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	tokens := keysOf(t, s)
	var names []string
	for _, m := range rpcs() {
		name := nameOf(m)
		rule, ok := access.RuleOf(name)
		require.True(t, ok, "%s has no rule in access/table.go: nobody may call it", name)
		names = append(names, name)
		if m.Name() == "Watch" { // which never ends
			require.True(t, rule.Open)
			continue
		}
		without := codeOfRPC(t.Context(), s.Conn, m)
		require.Equal(t, rule.Open, without != codes.Unauthenticated, "%s without a key: %s", name, without)
		require.Equal(t, codes.Unauthenticated == without, !rule.Open)
		wrong := codeOfRPC(apitest.WithKey(t.Context(), "refrain_nosuchke_"+strings.Repeat("a", 52)), s.Conn, m)
		require.Equal(t, rule.Open, wrong != codes.Unauthenticated, "%s with an unknown key", name)
		for role, token := range tokens {
			got := codeOfRPC(apitest.WithKey(t.Context(), token), s.Conn, m)
			require.NotEqual(t, codes.Unauthenticated, got, "%s as %s", name, role)
			require.Equal(t, rule.Open || rule.Allows(role), got != codes.PermissionDenied, "%s as %s: %s",
				name, role, got)
		}
	}
	slices.Sort(names)
	require.Equal(t, access.RPCs(), names, "access/table.go has rules for RPCs that there are not")
}

// restBindings are the addresses of REST as proto/refrain/v1/http.yaml has them.
func restBindings(t *testing.T) (all []binding) {
	t.Helper()
	raw, err := os.ReadFile("../../proto/refrain/v1/http.yaml")
	require.NoError(t, err)
	type rule struct {
		Selector, Get, Post, Put, Patch, Delete string
		More                                    []rule `yaml:"additional_bindings"`
	}
	var file struct{ HTTP struct{ Rules []rule } }
	require.NoError(t, yaml.Unmarshal(raw, &file))
	var add func(rpc string, r rule)
	add = func(rpc string, r rule) {
		for method, path := range map[string]string{"GET": r.Get, "POST": r.Post, "PUT": r.Put,
			"PATCH": r.Patch, "DELETE": r.Delete} {
			if path != "" {
				all = append(all, binding{rpc, method, path})
			}
		}
		for _, m := range r.More {
			add(rpc, m)
		}
	}
	for _, r := range file.HTTP.Rules {
		i := strings.LastIndexByte(r.Selector, '.')
		add(r.Selector[:i]+"/"+r.Selector[i+1:], r)
	}
	require.NotEmpty(t, all)
	return all
}

type binding struct{ rpc, method, path string }

var (
	pathName   = regexp.MustCompile(`\{[a-z_]+=([^}]*)\}|\{[a-z_]+\}`)
	pathPieces = regexp.MustCompile(`\*+`)
)

// address fills in what a path leaves open.
func (b binding) address() string {
	path := pathName.ReplaceAllStringFunc(b.path, func(found string) string {
		if m := pathName.FindStringSubmatch(found); m[1] != "" {
			return pathPieces.ReplaceAllString(m[1], "x")
		}
		return "13800138000"
	})
	return strings.ReplaceAll(path, "{$}", "")
}

// ask makes a request of HTTP, and gives the status of its answer.
func ask(t *testing.T, s *server, b binding, edit ...func(*http.Request)) int {
	t.Helper()
	body := ""
	if strings.HasPrefix(b.path, "/v1/") && b.method == "POST" {
		body = "{}"
	}
	req, err := http.NewRequestWithContext(t.Context(), b.method, "http://"+s.app.HTTPAddr()+b.address(),
		strings.NewReader(body))
	require.NoError(t, err)
	for _, f := range edit {
		f(req)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusOK { // which may be a stream that never ends
		return resp.StatusCode
	}
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	if resp.StatusCode == http.StatusUnauthorized {
		require.Contains(t, string(text), "key", b)
	}
	return resp.StatusCode
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// So does every address of HTTP, of REST and of the others, from the table that the server is made of.
func TestEveryAddressAsksWhoCalls(t *testing.T) {
	t.Parallel()
	s := start(t, testConfig(t.TempDir()))
	tokens := keysOf(t, s)
	all := restBindings(t)
	for _, pattern := range access.Routes() {
		rule, _ := access.RouteOf(pattern)
		if method, path, ok := strings.Cut(pattern, " "); ok && rule.Via != "*" {
			all = append(all, binding{pattern, method, path})
		}
	}
	for _, b := range all {
		rule, ok := access.RuleOf(b.rpc)
		if !ok {
			rule, ok = access.RouteOf(b.rpc)
			if rule.Via != "" {
				rule, ok = access.RuleOf(rule.Via)
			}
		}
		require.True(t, ok, "%s has no rule", b.rpc)
		if b.path == "/cdr/freeswitch" { // needs a record, before it asks anybody
			continue
		}
		got := ask(t, s, b)
		require.Equal(t, rule.Open, got != http.StatusUnauthorized, "%s without a key: %d", b, got)
		for role, token := range tokens {
			got := ask(t, s, b, bearer(token))
			require.NotEqual(t, http.StatusUnauthorized, got, "%s as %s", b, role)
			may := rule.Open || rule.Allows(role)
			for thing, rpc := range map[string]string{"calls/": "CallService/GetCall", "recordings/": "RecordingService/GetRecording",
				"suspects/": "ReviewService/GetSuspect", "freezes/": "FreezeService/ListFreezes"} {
				if strings.Contains(b.path, "same_number_as="+thing) { // for who may read what has the number
					reading, ok := access.RuleOf("refrain.v1." + rpc)
					require.True(t, ok, rpc)
					may = may && reading.Allows(role)
				}
			}
			require.Equal(t, may, got != http.StatusForbidden, "%s as %s: %d", b, role, got)
		}
	}
}

// While there is no key, whoever asks from this machine may do everything, as long as nobody forwarded
// it; the first key ends that.
func TestTheFirstKeyClosesTheDoor(t *testing.T) {
	t.Parallel()
	log := apitest.NewLogbook()
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, logTo(log))
	log.Wait(t, 1, "there is no key yet")
	state := binding{"", "GET", "/v1/status"}
	require.Equal(t, http.StatusOK, ask(t, s, state))
	for _, header := range []string{"Forwarded", "Via", "X-Forwarded-For", "x-real-ip"} {
		got := ask(t, s, state, func(r *http.Request) { r.Header.Set(header, "1") })
		require.Equal(t, http.StatusUnauthorized, got, header)
		_, err := s.Status.GetStatus(apitest.With(t.Context(), header, "10.0.0.1"), &pb.GetStatusRequest{})
		require.Equal(t, codes.Unauthenticated, status.Code(err), header)
	}
	// What a request says itself of where it came from counts for nothing.
	got := ask(t, s, state, func(r *http.Request) {
		r.Header.Set("Via", "1.1 proxy")
		r.Header.Set("Grpc-Metadata-Refrain-Local", "1")
		r.Header.Set("Grpc-Metadata-Refrain-From", "127.0.0.1")
	})
	require.Equal(t, http.StatusUnauthorized, got)

	first, err := s.Keys.AddKey(t.Context(), &pb.AddKeyRequest{KeyId: "pbx", Role: pb.Role_ROLE_DIALLER})
	require.NoError(t, err)
	require.True(t, first.GetNoAdmin(), "nobody can keep keys any more, but by the admin socket")
	require.Equal(t, http.StatusUnauthorized, ask(t, s, state))
	require.Equal(t, http.StatusOK, ask(t, s, state, bearer(first.GetToken())))
	require.Equal(t, http.StatusOK, ask(t, s, state,
		func(r *http.Request) { r.SetBasicAuth("refrain", first.GetToken()) }), "FreeSWITCH knows no other way")
	_, err = s.Status.GetStatus(t.Context(), &pb.GetStatusRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.Equal(t, "KEY_MISSING", apitest.Reason(err))

	admin := apitest.Dial(t, "unix:"+filepath.Join(cfg.Data, "admin.sock"))
	who, err := admin.Keys.WhoAmI(apitest.As(t.Context(), "li"), &pb.WhoAmIRequest{})
	require.NoError(t, err)
	require.Equal(t, []any{pb.Role_ROLE_ADMIN, "li"}, []any{who.GetRole(), who.GetActor()})
	info, err := os.Stat(filepath.Join(cfg.Data, "admin.sock"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, s.stop())

	again := start(t, cfg, logTo(log)) // the socket of before is in nobody's way
	require.Len(t, log.Lines("there is no key yet"), 1)
	require.Equal(t, http.StatusUnauthorized, ask(t, again, state))
	require.Equal(t, http.StatusOK, ask(t, again, state, bearer(first.GetToken())))
}

// Rotated, both tokens work for the overlap; revoked and expired, none does; and when a key was used
// last is known.
func TestKeysComeAndGo(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, testConfig(t.TempDir()), goBy(clock))
	admin := apitest.WithKey(t.Context(), keysOf(t, s)[access.Admin])
	added, err := s.Keys.AddKey(admin, &pb.AddKeyRequest{KeyId: "crm", Role: pb.Role_ROLE_SUPERVISOR,
		ActsForOthers: true})
	require.NoError(t, err)
	known := func(token string) string {
		who, err := s.Keys.WhoAmI(apitest.As(apitest.WithKey(t.Context(), token), "li"), &pb.WhoAmIRequest{})
		if err != nil {
			return apitest.Reason(err)
		}
		return who.GetActor()
	}
	require.Equal(t, "li", known(added.GetToken()), "it may act for others")
	reviewer, err := s.Keys.AddKey(admin, &pb.AddKeyRequest{KeyId: "desk", Role: pb.Role_ROLE_REVIEWER})
	require.NoError(t, err)
	require.Equal(t, "desk", known(reviewer.GetToken()), "it may not")

	rotated, err := s.Keys.RotateKey(admin, &pb.RotateKeyRequest{Name: "keys/crm"})
	require.NoError(t, err)
	require.Equal(t, []string{"li", "li"}, []string{known(added.GetToken()), known(rotated.GetToken())})
	clock.Later(25 * time.Hour)
	require.Equal(t, []string{"KEY_ROTATED", "li"}, []string{known(added.GetToken()),
		known(rotated.GetToken())})

	_, err = s.Keys.RevokeKey(admin, &pb.RevokeKeyRequest{Name: "keys/crm"})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "a reason is missing")
	_, err = s.Keys.RevokeKey(admin, &pb.RevokeKeyRequest{Name: "keys/crm", Reason: "the CRM moved"})
	require.NoError(t, err)
	require.Equal(t, "KEY_REVOKED", known(rotated.GetToken()))
	_, err = s.Keys.AddKey(admin, &pb.AddKeyRequest{KeyId: "crm", Role: pb.Role_ROLE_SUPERVISOR})
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	require.Equal(t, "KEY_MALFORMED", known("something else"))

	entries, err := s.Audit.ListEntries(admin, &pb.ListEntriesRequest{
		Filter: &pb.AuditFilter{Subject: "keys/crm"}})
	require.NoError(t, err)
	var told []string
	for _, e := range entries.GetEntries() {
		told = append(told, fmt.Sprint(e.GetActor(), " ", e.GetAction(), " ", e.GetReason()))
		require.Equal(t, "127.0.0.1", e.GetOrigin())
	}
	require.Equal(t, []string{"admin key.revoke the CRM moved", "admin key.rotate ", "admin key.add "}, told)
	v, err := s.Audit.VerifyAudit(admin, &pb.VerifyAuditRequest{})
	require.NoError(t, err)
	require.Empty(t, v.GetProblems())
}

// A key that was revoked while keys could not be read ends as soon as they can be.
func TestKeysAreReadOnceTheyCanBe(t *testing.T) {
	t.Parallel()
	look := make(chan time.Time)
	cfg := testConfig(t.TempDir())
	s := start(t, cfg, func(o *app.Options) {
		o.Every = func(d time.Duration) (<-chan time.Time, func()) {
			if d == 5*time.Second { // how often the clock and what is behind is looked at
				return look, func() {}
			}
			return nil, func() {}
		}
	})
	admin := apitest.WithKey(t.Context(), keysOf(t, s)[access.Admin])
	added, err := s.Keys.AddKey(admin, &pb.AddKeyRequest{KeyId: "gone", Role: pb.Role_ROLE_DIALLER})
	require.NoError(t, err)
	_, err = s.Keys.AddKey(admin, &pb.AddKeyRequest{KeyId: "bad", Role: pb.Role_ROLE_DIALLER})
	require.NoError(t, err)
	lines := func(text string) {
		require.NoError(t, s.app.Exec(t.Context(), `UPDATE access_keys SET lines = $1 WHERE name = 'bad'`, text))
	}
	works := func() bool {
		_, err := s.Keys.WhoAmI(apitest.WithKey(t.Context(), added.GetToken()), &pb.WhoAmIRequest{})
		return err == nil
	}
	lines("not JSON")
	_, err = s.Keys.RevokeKey(admin, &pb.RevokeKeyRequest{Name: "keys/gone", Reason: "lost"})
	require.Error(t, err, "whoever revokes it hears of it")
	look <- time.Now()
	look <- time.Now() // the first one is worked off
	require.True(t, works())
	lines("[]")
	look <- time.Now()
	look <- time.Now()
	require.False(t, works())
}
