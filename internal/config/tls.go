package config

import (
	"crypto/tls"
	"fmt"
	"net"

	"github.com/refrain-asr/refrain/internal/certs"
)

// TLS sets how gRPC and HTTP are protected on their way.
type TLS struct {
	// Cert and Key are files in PEM; both or none. They are read again when they change.
	Cert string `yaml:"cert" env:"CERT"`
	Key  string `yaml:"key" env:"KEY"`
	// ClientCA holds the authorities whose certificates clients may show ("" for none), and
	// RequireClientCertificate refuses those that show none.
	ClientCA                 string `yaml:"client_ca" env:"CLIENT_CA"`
	RequireClientCertificate bool   `yaml:"require_client_certificate" env:"REQUIRE_CLIENT_CERTIFICATE"`
	// MinVersion is the least version of TLS: "1.2" or "1.3".
	MinVersion string `yaml:"min_version" env:"MIN_VERSION"`
	// Hosts are names by which HTTP may be asked besides those of the certificate.
	Hosts []string `yaml:"hosts" env:"HOSTS"`
}

// On tells that there is TLS.
func (t TLS) On() bool { return t.Cert != "" }

// Options are what certs.Open takes.
func (t TLS) Options() certs.Options {
	o := certs.Options{Paths: certs.Paths{Cert: t.Cert, Key: t.Key, ClientCA: t.ClientCA},
		RequireClient: t.RequireClientCertificate, MinVersion: tls.VersionTLS13}
	if t.MinVersion == "1.2" {
		o.MinVersion = tls.VersionTLS12
	}
	return o
}

func (t TLS) validate(bad func(key, format string, args ...any)) {
	switch {
	case t.Cert != "" && t.Key == "":
		bad("tls.key", "is empty; name the file with the key of tls.cert")
	case t.Cert == "" && t.Key != "":
		bad("tls.cert", "is empty; name the file with the certificate of tls.key")
	case t.Cert == "" && (t.ClientCA != "" || t.RequireClientCertificate || len(t.Hosts) > 0):
		bad("tls.cert", "is empty, and without it there is no TLS that the rest of tls would be about")
	}
	if t.RequireClientCertificate && t.ClientCA == "" {
		bad("tls.client_ca", "is empty; name a file with the authority of the clients' certificates, "+
			"which tls.require_client_certificate asks for")
	}
	if t.MinVersion != "1.2" && t.MinVersion != "1.3" {
		bad("tls.min_version", "is %q; it must be 1.2 or 1.3", t.MinVersion)
	}
}

// checkAddress refuses addresses that other machines could reach where there is no TLS:
// whoever listens on the way would hear calls, and could release freezes.
func (t TLS) checkAddress(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is no address: write host:port, such as 127.0.0.1:7430", addr)
	}
	if t.On() || loopback(host) {
		return nil
	}
	return fmt.Errorf("%q can be reached from other machines, which is refused without TLS: set tls.cert "+
		"and tls.key ('refrain tls init' makes them for a private network), or listen on 127.0.0.1", addr)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Reached tells that other machines can reach one of the addresses.
func (c Config) Reached() bool {
	for _, addr := range []string{c.GRPC.Address, c.HTTP.Address, c.Gate.GRPC, c.Gate.HTTP} {
		if host, _, err := net.SplitHostPort(addr); err == nil && !loopback(host) {
			return true
		}
	}
	return false
}
