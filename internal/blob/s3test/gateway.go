package s3test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"
)

// ProgramEnv names the server's program, where it isn't the one that make test builds into .deps/bin.
const ProgramEnv = "REFRAIN_TEST_VERSITYGW"

// The root's access key, which the server takes.
const (
	AccessKey = "refrain-test"
	Secret    = "a secret of tests"
	Region    = "us-east-1"
)

// Program is the server's program. Where there is none the test is skipped, and fails where CI is set.
func Program(tb testing.TB) string {
	tb.Helper()
	if name := os.Getenv(ProgramEnv); name != "" {
		return name
	}
	dir, err := os.Getwd()
	require.NoError(tb, err)
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	found, err := filepath.Glob(filepath.Join(dir, ".deps", "bin", "versitygw-*"))
	require.NoError(tb, err)
	if len(found) > 0 {
		return found[len(found)-1]
	}
	const missing = "there is no S3-compatible server to test with: make test builds versitygw into .deps/bin, or name one in " +
		ProgramEnv
	if os.Getenv("CI") != "" {
		tb.Fatal(missing)
	}
	tb.Skip("SKIPPED: " + missing)
	return ""
}

// Gateway is a running server.
type Gateway struct {
	// Addr is where it listens.
	Addr string
	// Dir is the folder, with one for each bucket.
	Dir string

	args    []string
	program string
	cmd     *exec.Cmd
	ended   chan struct{}
	buckets atomic.Int64
}

// Start starts a server, which ends with the test; with versioning its buckets can keep former versions.
func Start(tb testing.TB, versioning bool) *Gateway {
	tb.Helper()
	g := &Gateway{program: Program(tb)}
	root := tb.TempDir()
	g.Dir = filepath.Join(root, "buckets")
	g.args = []string{"--iam-dir", filepath.Join(root, "iam")}
	posix := []string{"posix", "--sidecar", filepath.Join(root, "meta")}
	made := []string{g.Dir, filepath.Join(root, "meta"), filepath.Join(root, "iam")}
	if versioning {
		posix = append(posix, "--versioning-dir", filepath.Join(root, "versions"))
		made = append(made, filepath.Join(root, "versions"))
	}
	for _, dir := range made {
		require.NoError(tb, os.Mkdir(dir, 0o700))
	}
	g.args = slices.Concat(g.args, posix, []string{g.Dir})
	tb.Cleanup(g.Stop)
	for range 5 { // somebody else may have been faster at the port
		g.Addr = freePort(tb)
		if g.Run(tb, false) {
			return g
		}
	}
	tb.Fatal("versitygw does not start")
	return nil
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// Run starts it, as after Stop, and tells whether it answers; readOnly has it refuse all changes.
func (g *Gateway) Run(tb testing.TB, readOnly bool) bool {
	tb.Helper()
	args := []string{"--port", g.Addr, "--region", Region, "--quiet"}
	if readOnly {
		args = append(args, "--readonly")
	}
	args = append(args, g.args...)
	g.cmd = exec.Command(g.program, args...) //nolint:noctx // it ends with the test
	g.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+AccessKey, "ROOT_SECRET_KEY="+Secret)
	var log strings.Builder
	g.cmd.Stdout, g.cmd.Stderr = &log, &log
	require.NoError(tb, g.cmd.Start())
	ended, cmd := make(chan struct{}), g.cmd
	g.ended = ended
	go func() { _ = cmd.Wait(); close(ended) }()
	deadline := time.After(20 * time.Second)
	for {
		if c, err := net.Dial("tcp", g.Addr); err == nil { //nolint:noctx // it answers at once or not at all
			_ = c.Close()
			return true
		}
		select {
		case <-ended:
			tb.Log(log.String())
			return false
		case <-deadline:
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Stop kills it.
func (g *Gateway) Stop() {
	if g.cmd != nil && g.cmd.Process != nil {
		_ = g.cmd.Process.Kill()
		<-g.ended
	}
}

// URL is the server's own, or that of a proxy before it at addr.
func (g *Gateway) URL(addr string) *url.URL {
	if addr == "" {
		addr = g.Addr
	}
	return &url.URL{Scheme: "http", Host: addr}
}

// Credentials are the root's, as s3.Options takes them.
func Credentials(context.Context) ([]byte, error) {
	return fmt.Appendf(nil, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", AccessKey, Secret), nil
}

// Client asks the server itself.
func (g *Gateway) Client(tb testing.TB) *minio.Client {
	tb.Helper()
	c, err := minio.New(g.Addr, &minio.Options{Creds: credentials.NewStaticV4(AccessKey, Secret, ""), Region: Region})
	require.NoError(tb, err)
	return c
}

// NewBucket makes a bucket, and gives its name.
func (g *Gateway) NewBucket(tb testing.TB, versioned bool) string {
	tb.Helper()
	name := fmt.Sprintf("bucket-%d", g.buckets.Add(1))
	c := g.Client(tb)
	require.NoError(tb, c.MakeBucket(tb.Context(), name, minio.MakeBucketOptions{}))
	if versioned {
		require.NoError(tb, c.EnableVersioning(tb.Context(), name))
	}
	return name
}

// Names are those of all objects in a bucket below a prefix, without it.
func (g *Gateway) Names(tb testing.TB, bucket, prefix string) (names []string) {
	tb.Helper()
	for o := range g.Client(tb).ListObjects(tb.Context(), bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		require.NoError(tb, o.Err)
		names = append(names, strings.TrimPrefix(o.Key, prefix))
	}
	return names
}

// Versions are how many versions of objects a bucket has below a prefix, with what tells that some were
// removed.
func (g *Gateway) Versions(tb testing.TB, bucket, prefix string) (n int) {
	tb.Helper()
	for o := range g.Client(tb).ListObjects(tb.Context(), bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true,
		WithVersions: true}) {
		require.NoError(tb, o.Err)
		n++
	}
	return n
}

// NewUser makes somebody who may do nothing but what buckets' policies say, and gives their credentials as
// s3.Options takes them.
func (g *Gateway) NewUser(tb testing.TB, name string) func(context.Context) ([]byte, error) {
	tb.Helper()
	const secret = "a secret of somebody's"
	out, err := exec.CommandContext(tb.Context(), g.program, "admin", "--access", AccessKey, "--secret", Secret, "--region",
		Region, "--endpoint-url", "http://"+g.Addr, "create-user", "--access", name, "--secret", secret, "--role", "user").CombinedOutput()
	require.NoError(tb, err, "%s", out)
	return func(context.Context) ([]byte, error) {
		return fmt.Appendf(nil, "aws_access_key_id=%s\naws_secret_access_key=%s\n", name, secret), nil
	}
}
