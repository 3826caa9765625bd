package config

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/refrain-asr/refrain/internal/secret"
)

// Database sets where state is kept.
type Database struct {
	// URL is that of a PostgreSQL database, postgres://USER@HOST/NAME; without it state is kept in a file in the
	// data directory.
	URL string `yaml:"url" env:"URL"`
	// Password is where the user's password comes from; none where the database asks for none.
	Password secret.Source `yaml:"password" envPrefix:"PASSWORD_"`
}

func (d Database) validate(bad func(key, format string, args ...any)) {
	if err := d.Password.Validate(); err != nil {
		bad("database.password", "%v", err)
	}
	if d.URL == "" {
		if d.Password.Set() {
			bad("database.url", "is empty, but there is a password; name the database")
		}
		return
	}
	u, err := url.Parse(d.URL)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		bad("database.url", "must be the URL of a PostgreSQL database, such as "+
			"postgres://refrain@db.example.net/refrain?sslmode=verify-full")
		return
	}
	if _, has := u.User.Password(); has || strings.Contains(u.RawQuery, "password=") {
		bad("database.url", "has a password in it, which whoever sees the configuration would read; say in database.password "+
			"where it comes from")
	}
}

// ForWorker is the configuration by which a worker hears whose file is that of servers that leave it to workers.
func (c Config) ForWorker() Config {
	if c.Speech.Engine != EngineWorkers {
		return c
	}
	c.Speech.Engine = EngineWhisper
	if c.Speech.HTTP.Address != "" {
		c.Speech.Engine = EngineHTTP
	}
	return c
}

// ValidateWorker returns everything that is wrong for 'refrain worker', joined.
func (c Config) ValidateWorker() error {
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if c.Database.URL == "" {
		bad("database.url", "is empty; a worker finds its work in the servers' PostgreSQL: give it their database.url, with the "+
			"worker's role")
	}
	if !c.Audio.S3.On() {
		bad("audio.s3", "names no bucket; a worker reads audio in that of the servers: give it their audio.s3")
	}
	if err := c.TLS.checkAddress(c.HTTP.Address); err != nil {
		bad("http.address", "%v", err)
	}
	c.Limits.validate(bad)
	c.TLS.validate(bad)
	c.Database.validate(bad)
	c.validateSecrets(bad)
	c.validateArchives(bad)
	if c.ShutdownGrace < 0 {
		bad("shutdown_grace", "is negative")
	}
	return errors.Join(append(errs, c.Speech.Validate())...)
}

// Connection is the URL with the password.
func (d Database) Connection(ctx context.Context) (string, error) {
	if !d.Password.Set() {
		return d.URL, nil
	}
	u, err := url.Parse(d.URL)
	if err != nil {
		return "", fmt.Errorf("database.url: %w", err)
	}
	password, err := d.Password.Read(ctx)
	if err != nil {
		return "", fmt.Errorf("read database.password: %w", err)
	}
	q := u.Query()
	q.Set("password", strings.TrimRight(string(password), "\r\n"))
	u.RawQuery = q.Encode() // also where the user is named there
	return u.String(), nil
}

// String names the database, without what it is reached by.
func (d Database) String() string {
	u, err := url.Parse(d.URL)
	if err != nil {
		return "the PostgreSQL database"
	}
	host := u.Host
	if host == "" {
		host = u.Query().Get("host")
	}
	return "the PostgreSQL database " + strings.TrimPrefix(u.Path, "/") + " at " + host
}
