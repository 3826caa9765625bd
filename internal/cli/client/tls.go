package client

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/refrain-asr/refrain/internal/certs"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/profile"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

// trust is how a connection is protected, and what the profile says of it.
type trust struct {
	ca, cert, certKey string
	plaintext         bool

	name    string // the profile's; "" for the one by default, if there is one
	profile profile.Profile
	settled bool
}

// addTrustFlags adds --ca, --cert, --cert-key, --plaintext and --profile.
func (f *Flags) addTrustFlags(c *console.Console, cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&f.trust.ca, "ca", c.Getenv("REFRAIN_CA"), "`file` with the authority of the "+
		"server's certificate (or set REFRAIN_CA)")
	flags.StringVar(&f.trust.cert, "cert", c.Getenv("REFRAIN_CERT"), "`file` with the certificate to "+
		"show the server (or set REFRAIN_CERT)")
	flags.StringVar(&f.trust.certKey, "cert-key", c.Getenv("REFRAIN_CERT_KEY"), "`file` with its key "+
		"(or set REFRAIN_CERT_KEY)")
	flags.BoolVar(&f.trust.plaintext, "plaintext", false, "no TLS to a server that is not on this "+
		"machine: for a tunnel or a proxy")
	flags.StringVar(&f.trust.name, "profile", c.Getenv("REFRAIN_PROFILE"), "`name` of the profile in "+
		"~/.config/refrain to go by (or set REFRAIN_PROFILE)")
	f.getenv = c.Getenv
	f.given = func(flag string) bool { return cmd.PersistentFlags().Changed(flag) }
}

// settle fills what neither a flag nor a variable said from the profile. The profile by default
// is for its own server: what it holds is not shown to another that was named.
func (f *Flags) settle() error {
	t := &f.trust
	if t.settled || f.getenv == nil { // made without AddFlags
		return nil
	}
	if t.name == "" && (f.given("server") || f.getenv("REFRAIN_SERVER") != "") {
		return nil
	}
	p, err := profile.Read(profile.Dir(f.getenv), cmp.Or(t.name, profile.Default))
	switch {
	case errors.Is(err, profile.ErrNone) && t.name == "": // nobody asked for one
	case err != nil:
		return err
	}
	t.settled, t.profile = true, p
	set := func(flag, variable string, to *string, text string) {
		if text != "" && !f.given(flag) && f.getenv(variable) == "" {
			*to = text
		}
	}
	set("server", "REFRAIN_SERVER", &f.Server, p.Server)
	set("as", "REFRAIN_ACTOR", &f.Actor, p.As)
	set("key", "REFRAIN_KEY", &f.Key, p.Key)
	set("ca", "REFRAIN_CA", &t.ca, p.CA)
	set("cert", "REFRAIN_CERT", &t.cert, p.Cert)
	set("cert-key", "REFRAIN_CERT_KEY", &t.certKey, p.CertKey)
	t.plaintext = t.plaintext || p.Plaintext
	return nil
}

// credentials protect the connection to the server: with TLS, unless it never leaves the
// machine and nothing asks for it.
func (f *Flags) credentials() (credentials.TransportCredentials, error) {
	t := f.trust
	asked := t.ca != "" || t.cert != ""
	switch {
	case f.Data != "": // the socket is its owner's alone, and knows no TLS
		return insecure.NewCredentials(), nil
	case (t.cert == "") != (t.certKey == ""):
		return nil, usage.Errorf("--cert and --cert-key belong together: give both or none")
	case t.plaintext && asked:
		return nil, usage.Errorf("--plaintext is without TLS, which --ca and --cert are for")
	case t.plaintext || !asked && f.local():
		return insecure.NewCredentials(), nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.ca != "" {
		pool, err := certs.ReadPool(t.ca)
		if err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
		c.RootCAs = pool
	}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, t.certKey)
		if err != nil {
			return nil, fmt.Errorf("--cert %s with --cert-key %s: %w", t.cert, t.certKey, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(c), nil
}

// local tells that what is said to the server never leaves the machine.
func (f *Flags) local() bool {
	host, _, _ := net.SplitHostPort(f.Server) // Dial has looked at it
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
