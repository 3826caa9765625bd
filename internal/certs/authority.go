package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/refrain-asr/refrain/internal/atomicfile"
)

// The files of an authority's directory. A client's are named after it.
const (
	AuthorityName = "ca"
	ServerName    = "server"
)

// How long certificates are good for. That of the authority outlives a server's hardware; the
// others are renewed while the server runs.
const (
	authorityYears = 10
	signedYears    = 2
)

// backdated is how far clocks of one network may go apart.
const backdated = time.Hour

// Directory is where an authority's files lie, and the clock that dates what it makes.
type Directory struct {
	Path string
	Now  func() time.Time
}

// CertFile and KeyFile are the paths of a certificate and of its key.
func (d Directory) CertFile(name string) string { return filepath.Join(d.Path, name+".crt") }

// KeyFile is the path of a certificate's key.
func (d Directory) KeyFile(name string) string { return filepath.Join(d.Path, name+".key") }

// ErrExists is what is told of a file that would be overwritten.
var ErrExists = errors.New("is there already")

// NewAuthority makes the directory and an authority in it. It overwrites nothing.
func (d Directory) NewAuthority() error {
	if err := os.MkdirAll(d.Path, 0o700); err != nil {
		return fmt.Errorf("make the authority's directory: %w", err)
	}
	name := pkix.Name{CommonName: "Refrain private authority " + d.Now().UTC().Format(time.DateOnly)}
	template := d.template(name, authorityYears)
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	return d.make(AuthorityName, template, nil, false)
}

// SignServer makes a certificate for a server under these names and IP addresses. With renew
// it takes the place of the one that is there.
func (d Directory) SignServer(hosts []string, renew bool) error {
	template := d.template(pkix.Name{CommonName: hosts[0]}, signedYears)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
			continue
		}
		template.DNSNames = append(template.DNSNames, h)
	}
	return d.sign(ServerName, template, renew)
}

// SignClient makes a certificate for a client of that name.
func (d Directory) SignClient(name string, renew bool) error {
	template := d.template(pkix.Name{CommonName: name}, signedYears)
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return d.sign(name, template, renew)
}

func (d Directory) template(subject pkix.Name, years int) *x509.Certificate {
	now := d.Now().UTC() // without a serial number the certificate gets one by chance
	return &x509.Certificate{Subject: subject, NotBefore: now.Add(-backdated), NotAfter: now.AddDate(years, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature}
}

// sign makes a certificate under the directory's authority.
func (d Directory) sign(name string, template *x509.Certificate, renew bool) error {
	ca, err := d.authority()
	if err != nil {
		return err
	}
	if template.NotAfter.After(ca.cert.NotAfter) {
		template.NotAfter = ca.cert.NotAfter
	}
	return d.make(name, template, ca, renew)
}

// signer is an authority's certificate with its key.
type signer struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (d Directory) authority() (*signer, error) {
	cert, err := readPEM(d.CertFile(AuthorityName), "CERTIFICATE", x509.ParseCertificate)
	if err != nil {
		return nil, fmt.Errorf("read the authority ('refrain tls init' makes one): %w", err)
	}
	key, err := readPEM(d.KeyFile(AuthorityName), "PRIVATE KEY", x509.ParsePKCS8PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("read the authority's key: %w", err)
	}
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok || !private.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("%s is not the key of %s", d.KeyFile(AuthorityName), d.CertFile(AuthorityName))
	}
	if d.Now().After(cert.NotAfter) {
		return nil, fmt.Errorf("the authority %s ended on %s: make a new one with 'refrain tls init' in another "+
			"directory", d.CertFile(AuthorityName), cert.NotAfter.Format(time.DateOnly))
	}
	return &signer{cert, private}, nil
}

func readPEM[T any](name, kind string, parse func([]byte) (T, error)) (v T, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return v, err
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != kind {
		return v, fmt.Errorf("%s holds no %s in PEM", name, strings.ToLower(kind))
	}
	if v, err = parse(block.Bytes); err != nil {
		return v, fmt.Errorf("%s: %w", name, err)
	}
	return v, nil
}

// make makes a key and its certificate, signed by ca or, where that is nil, by itself.
func (d Directory) make(name string, template *x509.Certificate, ca *signer, renew bool) error {
	if err := d.vacant(name); err != nil && !renew {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	if ca == nil {
		ca = &signer{template, key}
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		return fmt.Errorf("sign the certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	if err := writePEM(d.KeyFile(name), "PRIVATE KEY", private); err != nil {
		return err
	}
	return writePEM(d.CertFile(name), "CERTIFICATE", cert)
}

// vacant tells that neither file of that name is there.
func (d Directory) vacant(name string) error {
	for _, path := range []string{d.CertFile(name), d.KeyFile(name)} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s %w", path, ErrExists)
		}
	}
	return nil
}

func writePEM(name, kind string, der []byte) error {
	var text bytes.Buffer
	if err := pem.Encode(&text, &pem.Block{Type: kind, Bytes: der}); err != nil {
		return err
	}
	if err := atomicfile.Write(name, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
