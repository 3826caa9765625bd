package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// lookEvery is how long what was read is taken to be what the files hold: a handshake of
// every second looks whether they changed.
const lookEvery = time.Second

// Paths name the files of a server's certificate, in PEM.
type Paths struct {
	// Cert is the certificate with those that lead to its authority behind it, Key its key.
	Cert, Key string
	// ClientCA holds the authorities whose certificates clients may show; "" for none.
	ClientCA string
}

// Options say how a server greets its clients.
type Options struct {
	Paths
	// RequireClient refuses clients without a certificate of ClientCA; else they may show one.
	RequireClient bool
	// MinVersion is the least version of TLS, such as tls.VersionTLS12.
	MinVersion uint16
	// Now is the clock by which clients' certificates are judged, and files looked at; nil for the
	// machine's.
	Now func() time.Time
	// Changed is told that the files were read anew (nil), or why they can't be used: then
	// those of before go on. It is told once of each, and may be nil.
	Changed func(error)
}

// Files are a server's certificate and the authorities of its clients, as they lie in files.
// Where these change, connections from then on get the new ones, and those that stand go on.
// It is safe for concurrent use.
type Files struct {
	o Options

	mu     sync.Mutex
	looked time.Time
	were   []os.FileInfo
	told   string
	failed error
	pair   *tls.Certificate
	pool   *x509.CertPool
	// built are the configurations of what was read last, by the protocols that they offer.
	built map[string]*tls.Config
}

// Open reads the files. It fails where they can't be used.
func Open(o Options) (*Files, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	f := &Files{o: o}
	f.were, _ = o.stat() // what is wrong with them is told by read
	err := f.read()
	return f, err
}

// Server is the configuration of a listener that offers these protocols (ALPN), the most
// wanted first.
func (f *Files) Server(protocols ...string) *tls.Config {
	return &tls.Config{
		MinVersion: f.o.MinVersion, NextProtos: protocols,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			return f.config(protocols), nil
		},
	}
}

func (f *Files) config(protocols []string) *tls.Config {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look()
	key := fmt.Sprint(protocols)
	c, ok := f.built[key]
	if !ok {
		c = f.build(protocols)
		f.built[key] = c
	}
	return c
}

func (f *Files) build(protocols []string) *tls.Config {
	c := &tls.Config{Certificates: []tls.Certificate{*f.pair}, MinVersion: f.o.MinVersion,
		NextProtos: slices.Clone(protocols), Time: f.o.Now}
	if f.pool == nil {
		return c
	}
	c.ClientCAs, c.ClientAuth = f.pool, tls.VerifyClientCertIfGiven
	if f.o.RequireClient {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	// A ticket would let a client in by what it showed before the authorities changed.
	c.SessionTicketsDisabled = true
	return c
}

// look reads the files again where they changed, or could not be used the last time: one of a
// pair is always written first. f.mu is held.
func (f *Files) look() {
	now := f.o.Now()
	if since := now.Sub(f.looked); since >= 0 && since < lookEvery {
		return
	}
	f.looked = now
	are, err := f.o.stat()
	if err == nil && f.failed == nil && same(f.were, are) {
		return
	}
	if err == nil {
		err = f.read()
	}
	if err == nil {
		f.were = are
	}
	f.tell(err)
}

// tell hands on what became of the files, where that is news.
func (f *Files) tell(err error) {
	f.failed = err
	text := ""
	if err != nil {
		text = err.Error()
	}
	if news := err == nil || text != f.told; news && f.o.Changed != nil {
		f.o.Changed(err)
	}
	f.told = text
}

// read takes what the files hold, all of it or nothing.
func (f *Files) read() error {
	pair, err := tls.LoadX509KeyPair(f.o.Cert, f.o.Key)
	if err != nil {
		return fmt.Errorf("read the certificate %s with its key %s: %w", f.o.Cert, f.o.Key, err)
	}
	var pool *x509.CertPool
	if f.o.ClientCA != "" {
		if pool, err = ReadPool(f.o.ClientCA); err != nil {
			return err
		}
	}
	f.pair, f.pool, f.built = &pair, pool, map[string]*tls.Config{}
	return nil
}

// Expires is when the certificate ends.
func (f *Files) Expires() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look()
	return f.pair.Leaf.NotAfter
}

// Failing tells that the files hold what can't be used.
func (f *Files) Failing() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look()
	return f.failed != nil
}

// Names tells whether the certificate is for that host: a name or an IP address.
func (f *Files) Names(host string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pair.Leaf.VerifyHostname(host) == nil
}

// ReadPool reads the certificates of authorities in PEM.
func ReadPool(name string) (*x509.CertPool, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", name)
	}
	return pool, nil
}

// stat looks at the files, through symbolic links: Kubernetes exchanges the link.
func (p Paths) stat() (infos []os.FileInfo, err error) {
	for _, name := range []string{p.Cert, p.Key, p.ClientCA} {
		if name == "" {
			continue
		}
		info, statErr := os.Stat(name)
		infos, err = append(infos, info), errors.Join(err, statErr)
	}
	return infos, err
}

func same(were, are []os.FileInfo) bool {
	return slices.EqualFunc(were, are, func(a, b os.FileInfo) bool {
		return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
	})
}
