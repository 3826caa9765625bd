//go:build unix

package app_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/apitest"
	pb "github.com/refrain-asr/refrain/proto/refrain/v1"
)

// balanced starts HAProxy as it is shipped before two servers, and gives its addresses for gRPC and the web.
func balanced(t *testing.T, one, two *process) (grpc, web string) {
	t.Helper()
	program, err := exec.LookPath("haproxy")
	if err != nil {
		program = "/usr/sbin/haproxy" // Debian's, which not everybody has on the PATH
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no HAProxy: install Debian's package haproxy")
		}
		t.Skip("SKIPPED: there is no HAProxy: install Debian's package haproxy")
	}
	text, err := os.ReadFile("../../deploy/haproxy/haproxy.cfg")
	require.NoError(t, err)
	grpc, web = freeTCP(t), freeTCP(t)
	replaced := []string{"127.0.0.1:7430", grpc, "127.0.0.1:7431", web}
	for i, p := range []*process{one, two} {
		host := fmt.Sprintf("192.0.2.%d", 11+i)
		_, port, err := net.SplitHostPort(p.http)
		require.NoError(t, err)
		replaced = append(replaced, host+":7430", p.grpc, host+":7431", p.http, "addr "+host+" port 7431", "addr 127.0.0.1 port "+port)
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	require.NoError(t, os.WriteFile(file, []byte(strings.NewReplacer(replaced...).Replace(string(text))), 0o600))
	cmd := exec.CommandContext(t.Context(), program, "-db", "-f", file)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return grpc, web
}

// freeTCP is an address of this machine at which nothing listens.
func freeTCP(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Behind a balancer, as it is shipped, a server is killed in the middle: whoever sends again what got no answer has all
// of it kept once, and a list goes on at the other.
func TestServersBehindABalancer(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	one, two := s.spawn(), s.spawn()
	key, err := one.Keys.AddKey(t.Context(), &pb.AddKeyRequest{KeyId: "ops", Role: pb.Role_ROLE_ADMIN})
	require.NoError(t, err)
	grpc, web := balanced(t, one, two)
	c := apitest.Dial(t, grpc)
	ctx := apitest.WithKey(t.Context(), key.GetToken())
	insist := func(ask func(context.Context) error) {
		t.Helper()
		var err error
		require.Eventually(t, func() bool {
			within, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			err = ask(within)
			return err == nil || status.Code(err) != codes.Unavailable && status.Code(err) != codes.DeadlineExceeded
		}, time.Minute, 20*time.Millisecond)
		require.NoError(t, err)
	}
	const all = 40
	for i := range all {
		if i == all/2 {
			one.kill(t)
		}
		insist(func(ctx context.Context) error {
			_, err := c.Freezes.CreateFreeze(ctx, &pb.CreateFreezeRequest{Number: fmt.Sprintf("138001%05d", i), Reason: "asked",
				RequestId: fmt.Sprint("r", i)})
			return err
		})
	}
	seen, list := map[string]bool{}, &pb.ListFreezesRequest{PageSize: 7}
	for list.PageToken != "" || len(seen) == 0 {
		insist(func(ctx context.Context) error {
			page, err := c.Freezes.ListFreezes(ctx, list)
			if err != nil {
				return err
			}
			for _, f := range page.GetFreezes() {
				seen[f.GetName()] = true
			}
			list.PageToken = page.GetNextPageToken()
			return nil
		})
	}
	require.Len(t, seen, all)
	b := newBrowser(t, "http://"+web, nil)
	code, _ := b.ask(t, "GET", "/v1/freezes", "", bearer(key.GetToken()))
	require.Equal(t, 200, code)
	v, err := two.Freezes.VerifyLedger(ctx, &pb.VerifyLedgerRequest{})
	require.NoError(t, err)
	require.Empty(t, v.GetProblems())
	require.EqualValues(t, all, v.GetEntries())
}
