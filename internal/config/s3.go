package config

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/refrain-asr/refrain/internal/secret"
)

// S3 sets a bucket that audio is kept in instead of the data directory; none where Bucket is "".
type S3 struct {
	// Endpoint is the server's address, such as https://s3.eu-central-1.amazonaws.com.
	Endpoint string `yaml:"endpoint" env:"ENDPOINT"`
	// Bucket is there already; Prefix is what all names in it begin with, such as refrain/.
	Bucket string `yaml:"bucket" env:"BUCKET"`
	Prefix string `yaml:"prefix" env:"PREFIX"`
	// Region is the server's; us-east-1 where it has none.
	Region string `yaml:"region" env:"REGION"`
	// Addressing is where requests name the bucket: "auto", "path" or "virtual" (in the host's name).
	Addressing string `yaml:"addressing" env:"ADDRESSING"`
	// Credentials is where the access key comes from, as AWS's programs have it; none for where these look
	// (AWS_ACCESS_KEY_ID, ~/.aws/credentials, the machine's role).
	Credentials secret.Source `yaml:"credentials" envPrefix:"CREDENTIALS_"`
	// CA is a file with the authorities that the server's certificate is checked with; "" for the system's.
	CA string `yaml:"ca" env:"CA"`
	// Encryption has the server encrypt what it keeps: "" as the bucket is set, "s3", or "kms" with KMSKey,
	// "" for its own.
	Encryption string `yaml:"encryption" env:"ENCRYPTION"`
	KMSKey     string `yaml:"kms_key" env:"KMS_KEY"`
}

// On tells that audio is kept in a bucket.
func (s S3) On() bool { return s.Bucket != "" }

// URL is the endpoint's. It must be valid.
func (s S3) URL() *url.URL {
	u, _ := url.Parse(s.Endpoint)
	return u
}

// The ways to name a bucket.
const (
	autoAddressing    = "auto"
	pathAddressing    = "path"
	virtualAddressing = "virtual"
)

var (
	// bucketName is what S3 lets buckets be called, and those of servers that are not as strict.
	bucketName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._-]{1,253}[a-zA-Z0-9]$`)
	// bucketPrefix keeps names readable, and in one place.
	bucketPrefix = regexp.MustCompile(`^([A-Za-z0-9._=-]+/)*$`)
)

// validate checks where the bucket is; sealed tells that audio is encrypted before it is sent.
func (s S3) validate(sealed bool, bad func(key, format string, args ...any)) {
	if !s.On() {
		if s.Endpoint+s.Prefix+s.Region+s.CA+s.Encryption+s.KMSKey != "" || s.Credentials.Set() {
			bad("audio.s3.bucket", "is empty, and without it there is no bucket that the rest of audio.s3 would be about")
		}
		return
	}
	if !bucketName.MatchString(s.Bucket) {
		bad("audio.s3.bucket", "is %q, which is no bucket's name", s.Bucket)
	}
	if !bucketPrefix.MatchString(s.Prefix) || strings.Contains("/"+s.Prefix, "/./") || strings.Contains("/"+s.Prefix, "/../") {
		bad("audio.s3.prefix", "is %q; it must be folders that end with a slash, such as refrain/, or empty", s.Prefix)
	}
	if wrong := s.wrongEndpoint(sealed); wrong != "" {
		bad("audio.s3.endpoint", "is %q; %s", s.Endpoint, wrong)
	}
	s.validateWays(bad)
}

// validateWays checks how the bucket is spoken to.
func (s S3) validateWays(bad func(key, format string, args ...any)) {
	switch s.Addressing {
	case autoAddressing, pathAddressing, virtualAddressing:
	default:
		bad("audio.s3.addressing", "is %q; it must be auto, path or virtual", s.Addressing)
	}
	switch {
	case s.Encryption != "" && s.Encryption != "s3" && s.Encryption != "kms":
		bad("audio.s3.encryption", `is %q; it must be s3, kms, or "" for what the bucket is set to`, s.Encryption)
	case s.KMSKey != "" && s.Encryption != "kms":
		bad("audio.s3.kms_key", "is set, which is for audio.s3.encryption: kms")
	}
	if err := s.Credentials.Validate(); err != nil {
		bad("audio.s3.credentials", "%v", err)
	}
	if s.CA != "" {
		if _, err := os.Stat(s.CA); err != nil {
			bad("audio.s3.ca", "%v", err)
		}
	}
}

// wrongEndpoint says what is wrong with the address, "" for nothing.
func (s S3) wrongEndpoint(sealed bool) string {
	u, err := url.Parse(s.Endpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https",
		strings.Trim(u.Path, "/") != "", u.RawQuery != "", u.Fragment != "", u.User != nil:
		return "it must be an address such as https://s3.example.com:9000, without a path"
	case u.Scheme == "http" && !loopback(u.Hostname()) && !sealed:
		return "by http whoever listens on the way would hear calls: use https, or encrypt them before (audio.encrypt)"
	}
	return ""
}

// sealed tells that audio is encrypted before it leaves.
func (e Encrypt) sealed() bool { return e.Identity.Set() && e.New }

// String names the bucket.
func (s S3) String() string { return fmt.Sprintf("s3://%s/%s at %s", s.Bucket, s.Prefix, s.Endpoint) }
