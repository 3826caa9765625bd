package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDatabase(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*Database)
		want string
	}{
		"none":                 {func(*Database) {}, ""},
		"a socket":             {func(d *Database) { d.URL = "postgres:///refrain?host=/run/postgresql" }, ""},
		"another scheme":       {func(d *Database) { d.URL = "mysql://h/d" }, "database.url: must be the URL"},
		"no URL":               {func(d *Database) { d.URL = "host=h dbname=d" }, "database.url: must be the URL"},
		"a password in it":     {func(d *Database) { d.URL = "postgres://u:secret@h/d" }, "database.url: has a password"},
		"a password behind it": {func(d *Database) { d.URL = "postgres://u@h/d?password=secret" }, "database.url: has a password"},
		"a password alone":     {func(d *Database) { d.Password.Env = "PGPASS" }, "database.url: is empty"},
		"two ways to its secret": {func(d *Database) {
			d.URL, d.Password.Env, d.Password.File = "postgres://u@h/d", "A", "b"
		}, "database.password: is given in several ways"},
	} {
		c := Default()
		tt.edit(&c.Database)
		err := c.Validate()
		if tt.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, tt.want, name)
		require.NotContains(t, err.Error(), "secret@", name)
	}
}

func TestDatabasePassword(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte("s&cret/?\n"), 0o600))
	d := Database{URL: "postgres://u@h/d?sslmode=verify-full"}
	url, err := d.Connection(t.Context())
	require.NoError(t, err)
	require.Equal(t, d.URL, url)
	d.Password.File = file
	url, err = d.Connection(t.Context())
	require.NoError(t, err)
	require.Equal(t, "postgres://u@h/d?password=s%26cret%2F%3F&sslmode=verify-full", url)
	require.Equal(t, "the PostgreSQL database d at h", d.String())
}
