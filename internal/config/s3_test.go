package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/refrain-asr/refrain/internal/secret"
)

func TestS3(t *testing.T) {
	t.Parallel()
	require.False(t, Default().Audio.S3.On(), "audio lies in the data directory unless somebody says so")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, nil, 0o600))
	for name, tt := range map[string]struct {
		change func(*Config)
		wrong  string
	}{
		"a bucket": {func(*Config) {}, ""},
		"all of it": {func(c *Config) {
			s := &c.Audio.S3
			s.Prefix, s.Region, s.Addressing, s.CA, s.Encryption, s.KMSKey = "a/b-c/", "eu-central-1", "path", ca, "kms", "key"
			s.Credentials = secret.Source{File: "keys"}
		}, ""},
		"here, by http": {func(c *Config) { c.Audio.S3.Endpoint = "http://127.0.0.1:9000" }, ""},
		"by http":       {func(c *Config) { c.Audio.S3.Endpoint = "http://minio:9000" }, "would hear calls"},
		"encrypted, by http": {func(c *Config) {
			c.Audio.S3.Endpoint, c.Audio.Encrypt.Identity = "http://minio:9000", secret.Source{File: "age"}
		}, ""},
		"encrypted no more, by http": {func(c *Config) {
			c.Audio.S3.Endpoint, c.Audio.Encrypt = "http://minio:9000", Encrypt{Identity: secret.Source{File: "age"}}
		}, "would hear calls"},
		"no address":      {func(c *Config) { c.Audio.S3.Endpoint = "s3.example.com" }, "audio.s3.endpoint: is"},
		"with a path":     {func(c *Config) { c.Audio.S3.Endpoint = "https://s3.example.com/calls" }, "without a path"},
		"with a key":      {func(c *Config) { c.Audio.S3.Endpoint = "https://a:b@s3.example.com" }, "without a path"},
		"no bucket":       {func(c *Config) { c.Audio.S3.Bucket = "" }, "audio.s3.bucket: is empty"},
		"a strange name":  {func(c *Config) { c.Audio.S3.Bucket = "a/b" }, "audio.s3.bucket: is"},
		"no folder":       {func(c *Config) { c.Audio.S3.Prefix = "refrain" }, "audio.s3.prefix: is"},
		"from the root":   {func(c *Config) { c.Audio.S3.Prefix = "/refrain/" }, "audio.s3.prefix: is"},
		"out of it":       {func(c *Config) { c.Audio.S3.Prefix = "a/../b/" }, "audio.s3.prefix: is"},
		"addressed oddly": {func(c *Config) { c.Audio.S3.Addressing = "dns" }, "audio.s3.addressing: is"},
		"encrypted oddly": {func(c *Config) { c.Audio.S3.Encryption = "aes" }, "audio.s3.encryption: is"},
		"a key for none":  {func(c *Config) { c.Audio.S3.KMSKey = "key" }, "audio.s3.kms_key: is set"},
		"no authority":    {func(c *Config) { c.Audio.S3.CA = ca + "x" }, "audio.s3.ca: "},
		"two credentials": {func(c *Config) { c.Audio.S3.Credentials = secret.Source{File: "a", Env: "B"} }, "audio.s3.credentials: "},
	} {
		c := Default()
		c.Audio.S3.Bucket, c.Audio.S3.Endpoint = "calls", "https://s3.example.com:9000"
		tt.change(&c)
		err := c.Validate()
		if tt.wrong == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tt.wrong, name)
	}
}

func TestS3FromTheEnvironment(t *testing.T) {
	t.Setenv("REFRAIN_AUDIO_S3_BUCKET", "calls")
	t.Setenv("REFRAIN_AUDIO_S3_CREDENTIALS_ENV", "REFRAIN_S3_KEYS")
	t.Setenv("REFRAIN_S3_KEYS", "secret")
	t.Chdir(t.TempDir())
	c, err := Load("")
	require.NoError(t, err)
	require.Equal(t, "calls", c.Audio.S3.Bucket)
	require.Equal(t, "REFRAIN_S3_KEYS", c.Audio.S3.Credentials.Env)
}
