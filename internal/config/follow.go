package config

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/refrain-asr/refrain/internal/secret"
)

// Follow sets what a gate beside a dialler ('refrain gate') follows, and what it answers while that is gone. A
// server heeds none of it.
type Follow struct {
	// Server is the address of the followed server's gRPC, host:port.
	Server string `yaml:"server" env:"SERVER"`
	// Key is where the gate's key comes from, whose role is gate.
	Key secret.Source `yaml:"key" envPrefix:"KEY_"`
	// CA is a file with the authority of the server's certificate, "" for those of the system; Cert and CertKey
	// are what the gate shows, "" for nothing. Plaintext is without TLS to a server elsewhere, as for a tunnel.
	CA        string `yaml:"ca" env:"CA"`
	Cert      string `yaml:"cert" env:"CERT"`
	CertKey   string `yaml:"cert_key" env:"CERT_KEY"`
	Plaintext bool   `yaml:"plaintext" env:"PLAINTEXT"`
	// Snapshot is the file that the gate starts from while the server is gone, "" for none. NameKeys is the file
	// with the keys by which numbers get their names, "" for one beside the snapshot.
	Snapshot string `yaml:"snapshot" env:"SNAPSHOT"`
	NameKeys string `yaml:"name_keys" env:"NAME_KEYS"`
	// MaxLag is from which lag on the gate says that it is not ready.
	MaxLag time.Duration `yaml:"max_lag" env:"MAX_LAG"`
	// Stale is what is answered for numbers against which nothing is known from the lag StaleAfter on: Closed or
	// Open. StaleLines says it for a line by itself.
	StaleAfter time.Duration          `yaml:"stale_after" env:"STALE_AFTER"`
	Stale      StaleAnswer            `yaml:"stale" env:"STALE"`
	StaleLines map[string]StaleAnswer `yaml:"stale_lines"`
}

// StaleAnswer is what a gate answers that knows too little.
type StaleAnswer string

// The answers: Closed refuses, Open allows.
const (
	Closed StaleAnswer = "closed"
	Open   StaleAnswer = "open"
)

// OlderServer is what --accept takes of a gate: a server that is older than what the gate knows, or another.
const OlderServer = "older-server"

// Bounds of lags.
const (
	leastLag = time.Second
	mostLag  = time.Hour
)

// Answer is what is answered on a line.
func (f Follow) Answer(line string) StaleAnswer {
	if a, ok := f.StaleLines[line]; ok {
		return a
	}
	return f.Stale
}

// NamesFile is where the keys lie by which numbers get their names.
func (f Follow) NamesFile() string {
	if f.NameKeys == "" {
		return f.Snapshot + ".key"
	}
	return f.NameKeys
}

// Local tells that the server is on this machine.
func (f Follow) Local() bool {
	host, _, err := net.SplitHostPort(f.Server)
	return err == nil && loopback(host)
}

// ValidateGate returns everything that is wrong for 'refrain gate', joined.
func (c Config) ValidateGate() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	c.validateAddresses(bad)
	c.Limits.validate(bad)
	c.TLS.validate(bad)
	c.Follow.validate(bad)
	if c.ShutdownGrace < 0 {
		bad("shutdown_grace", "is negative")
	}
	return errors.Join(errs...)
}

func (f Follow) validate(bad func(key, format string, args ...any)) {
	if _, _, err := net.SplitHostPort(f.Server); err != nil {
		bad("follow.server", "is %q; write the address of the server's gRPC, host:port (--server)", f.Server)
	}
	if err := f.Key.Validate(); err != nil {
		bad("follow.key", "%v", err)
	}
	if (f.Cert == "") != (f.CertKey == "") {
		bad("follow.cert", "and follow.cert_key belong together: give both or none")
	}
	if f.Plaintext && (f.CA != "" || f.Cert != "") {
		bad("follow.plaintext", "is without TLS, which follow.ca and follow.cert are for")
	}
	if f.MaxLag < leastLag || f.MaxLag > mostLag {
		bad("follow.max_lag", "is %s; it must be %s to %s", f.MaxLag, leastLag, mostLag)
	}
	if f.StaleAfter < f.MaxLag {
		bad("follow.stale_after", "is %s; it must be at least follow.max_lag (%s)", f.StaleAfter, f.MaxLag)
	}
	answers := map[string]StaleAnswer{"follow.stale": f.Stale}
	for line, a := range f.StaleLines {
		answers["follow.stale_lines."+line] = a
	}
	for key, a := range answers {
		if a != Closed && a != Open {
			bad(key, "is %q; it must be closed (such calls are refused) or open (they are allowed)", string(a))
		}
	}
}
