package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/certs"
)

// clock is set by hand.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Now().Unix())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(c.at.Load(), 0) }
func (c *clock) forward(d time.Duration) { c.at.Add(int64(d / time.Second)) }

// authority makes a network's certificates.
func authority(t *testing.T, c *clock, clients ...string) certs.Directory {
	t.Helper()
	d := certs.Directory{Path: filepath.Join(t.TempDir(), "tls"), Now: c.now}
	require.NoError(t, d.NewAuthority())
	require.NoError(t, d.SignServer([]string{"refrain.internal", "127.0.0.1"}, false))
	for _, name := range clients {
		require.NoError(t, d.SignClient(name, false))
	}
	return d
}

func options(d certs.Directory, c *clock) certs.Options {
	return certs.Options{Paths: certs.Paths{Cert: d.CertFile("server"), Key: d.KeyFile("server"),
		ClientCA: d.CertFile("ca")}, RequireClient: true, MinVersion: tls.VersionTLS12, Now: c.now}
}

// echo answers on every connection what it is sent.
func echo(t *testing.T, c *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn); _ = conn.Close() }()
		}
	}()
	return l.Addr().String()
}

// client is how a client of that name trusts and is trusted; "" shows no certificate.
func client(t *testing.T, d certs.Directory, name string) *tls.Config {
	t.Helper()
	pool, err := certs.ReadPool(d.CertFile("ca"))
	require.NoError(t, err)
	c := &tls.Config{RootCAs: pool, ServerName: "refrain.internal"}
	if name != "" {
		pair, err := tls.LoadX509KeyPair(d.CertFile(name), d.KeyFile(name))
		require.NoError(t, err)
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

// say sends a word and reads it back.
func say(conn net.Conn) error {
	if _, err := conn.Write([]byte("hello")); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 5))
	return err
}

// dial connects and says something: with TLS 1.3 a client learns only then that it is refused.
func dial(addr string, c *tls.Config) (*tls.Conn, error) {
	conn, err := tls.Dial("tcp", addr, c)
	if err != nil {
		return nil, err
	}
	if err := say(conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func TestMutual(t *testing.T) {
	t.Parallel()
	c := newClock()
	d, strangers := authority(t, c, "recorder"), authority(t, c, "recorder")
	f, err := certs.Open(options(d, c))
	require.NoError(t, err)
	addr := echo(t, f.Server("h2"))
	known := client(t, d, "recorder")
	conn, err := dial(addr, known)
	require.NoError(t, err)
	require.EqualValues(t, tls.VersionTLS13, conn.ConnectionState().Version)
	for name, stranger := range map[string]*tls.Config{
		"no certificate":          client(t, d, ""),
		"of another authority":    {RootCAs: known.RootCAs, ServerName: known.ServerName, Certificates: client(t, strangers, "recorder").Certificates},
		"the server's own":        {RootCAs: known.RootCAs, ServerName: known.ServerName, Certificates: client(t, d, "server").Certificates},
		"an old version of TLS":   {RootCAs: known.RootCAs, ServerName: known.ServerName, Certificates: known.Certificates, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"trusts other servers":    client(t, strangers, "recorder"),
		"asks for another name":   {RootCAs: known.RootCAs, ServerName: "other.internal", Certificates: known.Certificates},
		"speaks another protocol": {RootCAs: known.RootCAs, ServerName: known.ServerName, Certificates: known.Certificates, NextProtos: []string{"spdy"}},
	} {
		_, err := dial(addr, stranger)
		require.Error(t, err, name)
	}
	c.forward(3 * 366 * 24 * time.Hour)
	require.True(t, f.Expires().Before(c.now()))
	_, err = dial(addr, known)
	require.Error(t, err, "a client's certificate that has ended")
}

// A certificate is exchanged under a server that runs, by new files, and by the link that Kubernetes
// turns; what can't be used is left alone, and connections stand.
func TestReload(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := authority(t, c, "recorder")
	mount := t.TempDir()
	install := func(name string, from certs.Directory, cert, key string) {
		t.Helper()
		to := filepath.Join(mount, name)
		require.NoError(t, os.Mkdir(to, 0o700))
		for file, src := range map[string]string{"tls.crt": cert, "tls.key": key, "ca.crt": from.CertFile("ca")} {
			text, err := os.ReadFile(src)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(to, file), text, 0o600))
		}
		link := filepath.Join(mount, "next")
		require.NoError(t, os.Symlink(to, link))
		require.NoError(t, os.Rename(link, filepath.Join(mount, "current")))
	}
	install("1", d, d.CertFile("server"), d.KeyFile("server"))
	var told []error
	o := options(d, c)
	o.Paths = certs.Paths{Cert: filepath.Join(mount, "current", "tls.crt"),
		Key: filepath.Join(mount, "current", "tls.key"), ClientCA: filepath.Join(mount, "current", "ca.crt")}
	o.Changed = func(err error) { told = append(told, err) }
	f, err := certs.Open(o)
	require.NoError(t, err)
	addr := echo(t, f.Server("h2"))
	serial := func() string {
		conn, err := dial(addr, client(t, d, "recorder"))
		require.NoError(t, err)
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
	}
	first := serial()
	stands, err := dial(addr, client(t, d, "recorder"))
	require.NoError(t, err)

	require.NoError(t, d.SignServer([]string{"refrain.internal"}, true))
	install("2", d, d.CertFile("server"), d.KeyFile("server"))
	require.Equal(t, first, serial(), "within a second nothing is looked at")
	c.forward(time.Second)
	second := serial()
	require.NotEqual(t, first, second)
	require.Equal(t, []error{nil}, told)
	require.True(t, f.Names("refrain.internal"))
	require.False(t, f.Names("127.0.0.1"), "which the new one is not for")

	// A key that is another's, and a file that is none: the second goes on, and is told of once.
	install("3", d, d.CertFile("server"), d.KeyFile("recorder"))
	for range 3 {
		c.forward(time.Second)
		require.Equal(t, second, serial())
	}
	require.True(t, f.Failing())
	require.Len(t, told, 2)
	require.ErrorContains(t, told[1], "private key does not match")
	require.NoError(t, os.WriteFile(filepath.Join(mount, "3", "tls.crt"), nil, 0o600))
	c.forward(time.Second)
	require.Equal(t, second, serial())
	require.Len(t, told, 3)
	require.NoError(t, os.Remove(filepath.Join(mount, "current")))
	c.forward(time.Second)
	require.Equal(t, second, serial())

	require.NoError(t, d.SignServer([]string{"refrain.internal"}, true))
	install("4", d, d.CertFile("server"), d.KeyFile("server"))
	c.forward(time.Second)
	require.NotContains(t, []string{first, second}, serial())
	require.False(t, f.Failing())
	require.NoError(t, say(stands), "no connection was dropped by any of it")
}

// Another authority of the clients counts for those who come from then on, whatever they showed before.
func TestOtherAuthority(t *testing.T) {
	t.Parallel()
	c := newClock()
	d, next := authority(t, c, "recorder"), authority(t, c, "recorder")
	o := options(d, c)
	o.ClientCA = filepath.Join(t.TempDir(), "clients.crt")
	replace := func(from certs.Directory) {
		t.Helper()
		text, err := os.ReadFile(from.CertFile("ca"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(o.ClientCA, text, 0o600))
	}
	replace(d)
	f, err := certs.Open(o)
	require.NoError(t, err)
	addr := echo(t, f.Server("h2"))
	known := client(t, d, "recorder")
	known.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	_, err = dial(addr, known)
	require.NoError(t, err)
	replace(next)
	require.NoError(t, os.Chtimes(o.ClientCA, time.Time{}, time.Now().Add(time.Minute)))
	c.forward(time.Second)
	_, err = dial(addr, known)
	require.Error(t, err)
	changed := client(t, d, "")
	changed.Certificates = client(t, next, "recorder").Certificates
	_, err = dial(addr, changed)
	require.NoError(t, err)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := authority(t, c, "recorder")
	for want, edit := range map[string]func(*certs.Options){
		"no such file":               func(o *certs.Options) { o.Cert = d.CertFile("none") },
		"private key does not match": func(o *certs.Options) { o.Key = d.KeyFile("recorder") },
		"rather than a key":          func(o *certs.Options) { o.Key = d.CertFile("server") },
		"read the authorities":       func(o *certs.Options) { o.ClientCA = d.CertFile("none") },
		"no certificate in PEM":      func(o *certs.Options) { o.ClientCA = d.KeyFile("ca") },
	} {
		o := options(d, c)
		edit(&o)
		_, err := certs.Open(o)
		require.ErrorContains(t, err, want)
	}
}

func TestAuthority(t *testing.T) {
	t.Parallel()
	c := newClock()
	d := authority(t, c, "recorder")
	before := map[string]string{}
	for _, name := range []string{"ca", "server", "recorder"} {
		for _, path := range []string{d.CertFile(name), d.KeyFile(name)} {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.EqualValues(t, 0o600, info.Mode().Perm(), path)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			before[path] = string(text)
		}
	}
	require.ErrorIs(t, d.NewAuthority(), certs.ErrExists)
	require.ErrorIs(t, d.SignServer([]string{"a"}, false), certs.ErrExists)
	require.ErrorIs(t, d.SignClient("recorder", false), certs.ErrExists)
	for path, text := range before {
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text, string(now), "%s was not touched", path)
	}
	require.NoError(t, d.SignClient("recorder", true))
	pair, err := tls.LoadX509KeyPair(d.CertFile("recorder"), d.KeyFile("recorder"))
	require.NoError(t, err)
	require.Equal(t, "recorder", pair.Leaf.Subject.CommonName)
	require.Equal(t, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, pair.Leaf.ExtKeyUsage)

	// What is signed ends no later than its authority, which signs nothing once it has ended.
	c.forward(9 * 366 * 24 * time.Hour)
	require.NoError(t, d.SignClient("late", false))
	pair, err = tls.LoadX509KeyPair(d.CertFile("late"), d.KeyFile("late"))
	require.NoError(t, err)
	require.True(t, pair.Leaf.NotAfter.Before(c.now().AddDate(1, 0, 0)))
	c.forward(2 * 366 * 24 * time.Hour)
	require.ErrorContains(t, d.SignClient("later", false), "ended on")

	none := certs.Directory{Path: t.TempDir(), Now: c.now}
	require.ErrorContains(t, none.SignServer([]string{"a"}, false), "refrain tls init")
	require.NoError(t, os.Rename(d.KeyFile("recorder"), d.KeyFile("ca")))
	require.ErrorContains(t, d.SignClient("other", false), "is not the key of")
}
