package s3

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Bounds of what is waited for. What moves may take as long as it likes.
const (
	dialFor   = 5 * time.Second
	answerFor = 30 * time.Second
	// reread is after how long credentials are read anew.
	reread = 5 * time.Minute
	// most is how many connections there are at once.
	most = 64
)

func newClient(o Options) (*minio.Client, error) {
	lookup := map[Addressing]minio.BucketLookupType{Auto: minio.BucketLookupAuto, Path: minio.BucketLookupPath,
		Virtual: minio.BucketLookupDNS}[o.Addressing]
	return minio.New(o.Endpoint.Host, &minio.Options{
		Creds: o.creds(), Secure: o.Endpoint.Scheme == "https", Transport: o.transport(), Region: o.Region,
		BucketLookup: lookup, TrailingHeaders: true, MaxRetries: o.Tries,
	})
}

func (o Options) transport() http.RoundTripper {
	dialer := &net.Dialer{Timeout: dialFor, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, TLSHandshakeTimeout: dialFor,
		ResponseHeaderTimeout: answerFor, IdleConnTimeout: time.Minute, MaxIdleConnsPerHost: most,
		MaxConnsPerHost: most, DisableCompression: true, // audio, whose bytes count
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.CA},
	}
}

// creds are those that Options tells, or AWS's usual ones.
func (o Options) creds() *credentials.Credentials {
	if o.Credentials != nil {
		return credentials.New(&told{read: o.Credentials})
	}
	chain := []credentials.Provider{&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}}
	if strings.HasSuffix(o.Endpoint.Hostname(), ".amazonaws.com") { // elsewhere nobody would answer
		chain = append(chain, &credentials.IAM{Client: &http.Client{Timeout: dialFor}})
	}
	return credentials.NewChainCredentials(chain)
}

// told are credentials that the settings tell.
type told struct {
	read func(context.Context) ([]byte, error)
	ends time.Time
}

// Retrieve implements credentials.Provider.
func (t *told) Retrieve() (credentials.Value, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	text, err := t.read(ctx)
	if err != nil {
		return credentials.Value{}, fmt.Errorf("read audio.s3.credentials: %w", err)
	}
	c, err := ParseCredentials(text)
	if err != nil {
		return credentials.Value{}, fmt.Errorf("audio.s3.credentials: %w", err)
	}
	t.ends = time.Now().Add(reread)
	if !c.Expiration.IsZero() && c.Expiration.Before(t.ends) {
		t.ends = c.Expiration
	}
	return credentials.Value{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey,
		SessionToken: c.SessionToken, SignerType: credentials.SignatureV4}, nil
}

// RetrieveWithCredContext implements credentials.Provider.
func (t *told) RetrieveWithCredContext(*credentials.CredContext) (credentials.Value, error) {
	return t.Retrieve()
}

// IsExpired implements credentials.Provider.
func (t *told) IsExpired() bool { return !time.Now().Before(t.ends) }

// Credentials are what a server lets us in by.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	// Expiration is when they end; zero where nobody says.
	Expiration time.Time
}

// ParseCredentials reads credentials as AWS's programs have them: JSON as a credential_process writes
// it, or lines as in the file ~/.aws/credentials, of which the first profile counts. Its errors tell
// nothing of them.
func ParseCredentials(text []byte) (Credentials, error) {
	var c Credentials
	if trimmed := bytes.TrimSpace(text); bytes.HasPrefix(trimmed, []byte("{")) {
		if json.Unmarshal(trimmed, &c) != nil {
			return Credentials{}, errors.New("hold no JSON as a credential_process of AWS writes it " +
				"(AccessKeyId, SecretAccessKey, SessionToken, Expiration)")
		}
	} else {
		c = parseLines(string(text))
	}
	if c.AccessKeyID == "" || c.SecretAccessKey == "" {
		return Credentials{}, errors.New("hold no access key: they must be lines as in AWS's credentials file " +
			"(aws_access_key_id = ..., aws_secret_access_key = ...), or JSON as a credential_process writes it")
	}
	return c, nil
}

// parseLines reads the first profile of a credentials file.
func parseLines(text string) (c Credentials) {
	sections := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			if sections++; sections > 1 {
				break
			}
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "aws_access_key_id":
			c.AccessKeyID = value
		case "aws_secret_access_key":
			c.SecretAccessKey = value
		case "aws_session_token":
			c.SessionToken = value
		}
	}
	return c
}
