package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Profile is what a person's commands use where no flag and no variable says otherwise. Its
// paths are relative to the file that it was read from, or begin with ~/.
type Profile struct {
	// Server is the address of the server's gRPC, host:port, or unix:PATH.
	Server string `yaml:"server"`
	// CA is a file with the authorities of the server's certificate.
	CA string `yaml:"ca"`
	// Cert and CertKey are files with the client's own certificate.
	Cert    string `yaml:"cert"`
	CertKey string `yaml:"cert_key"`
	// Key is the key that says who asks; KeyFile is a file that holds it.
	Key     string `yaml:"key"`
	KeyFile string `yaml:"key_file"`
	// As is the name of whoever acts.
	As string `yaml:"as"`
	// Plaintext is for a server behind a proxy without TLS.
	Plaintext bool `yaml:"plaintext"`
}

// Default is the profile that is used where none is named, if there is one.
const Default = "default"

// manyFile holds several profiles: profiles: {NAME: {server: ...}}.
const manyFile = "config.yaml"

// maxFile is the most bytes that are read of a file.
const maxFile = 1 << 20

// file is what a file with many profiles holds.
type file struct {
	Profiles map[string]Profile `yaml:"profiles"`
}

// nameForm is what a profile may be called: it is a part of a file's name.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// ErrNone is what is told of a profile that is not there.
var ErrNone = errors.New("there is no such profile")

// Dir is where profiles lie: $XDG_CONFIG_HOME/refrain or ~/.config/refrain; "" where there is
// no home.
func Dir(getenv func(string) string) string {
	if dir := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "refrain")
	}
	if home := getenv("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".config", "refrain")
	}
	return ""
}

// Read reads a profile by its name: dir/NAME.yaml, or NAME among the profiles of
// dir/config.yaml. ErrNone where there is neither.
func Read(dir, name string) (Profile, error) {
	if !nameForm.MatchString(name) || name+".yaml" == manyFile {
		return Profile{}, fmt.Errorf("%q can't be the name of a profile: letters, figures, and - _ . between them", name)
	}
	path := filepath.Join(dir, name+".yaml")
	p, err := read(path, Parse)
	if !errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	many := filepath.Join(dir, manyFile)
	p, err = read(many, func(text []byte) (Profile, error) {
		all, err := ParseMany(text)
		if err != nil {
			return Profile{}, err
		}
		p, ok := all[name]
		if !ok {
			return p, fmt.Errorf("%w as %s", ErrNone, name)
		}
		return p, nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return p, fmt.Errorf("%w as %s: neither %s nor %s is there", ErrNone, name, path, many)
	}
	return p, err
}

func read(path string, parse func([]byte) (Profile, error)) (Profile, error) {
	f, err := os.Open(path)
	if err != nil {
		return Profile{}, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("it is larger than %d bytes", maxFile)
	}
	if err != nil {
		return Profile{}, fmt.Errorf("read the profile %s: %w", path, err)
	}
	p, err := parse(text)
	if err != nil {
		return Profile{}, fmt.Errorf("%s: %w", path, err)
	}
	if p.Key != "" {
		if err := private(f); err != nil {
			return Profile{}, err
		}
	}
	return p.beside(filepath.Dir(path))
}

// private refuses a file with a key that others may read.
func private(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 { // where the bits mean nothing
		return fmt.Errorf("others may read %s, which holds a key: chmod 600 %s", f.Name(), f.Name())
	}
	return nil
}

// beside makes the paths absolute, and reads the key's file.
func (p Profile) beside(dir string) (Profile, error) {
	for _, path := range []*string{&p.CA, &p.Cert, &p.CertKey, &p.KeyFile} {
		switch rest, home := strings.CutPrefix(*path, "~/"); {
		case *path == "" || filepath.IsAbs(*path):
		case home:
			at, err := os.UserHomeDir()
			if err != nil {
				return p, fmt.Errorf("%s: %w", *path, err)
			}
			*path = filepath.Join(at, rest)
		default:
			*path = filepath.Join(dir, *path)
		}
	}
	if p.KeyFile == "" {
		return p, nil
	}
	key, err := readKey(p.KeyFile)
	p.Key = key
	return p, err
}

func readKey(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the key of the profile: %w", err)
	}
	defer func() { _ = f.Close() }()
	if err := private(f); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKey+1))
	if err != nil {
		return "", fmt.Errorf("read the key of the profile: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if err := checkKey(key); err != nil || key == "" {
		return "", fmt.Errorf("%s holds no key: one line of at most %d visible characters", path, maxKey)
	}
	return key, nil
}

// Parse reads a file with one profile.
func Parse(text []byte) (Profile, error) {
	var p Profile
	if err := strictly(text, &p); err != nil {
		return Profile{}, err
	}
	return p, p.validate()
}

// ParseMany reads a file with several profiles.
func ParseMany(text []byte) (map[string]Profile, error) {
	var f file
	if err := strictly(text, &f); err != nil {
		return nil, err
	}
	for name, p := range f.Profiles {
		if !nameForm.MatchString(name) {
			return nil, fmt.Errorf("%q can't be the name of a profile", name)
		}
		if err := p.validate(); err != nil {
			return nil, fmt.Errorf("profiles.%s: %w", name, err)
		}
	}
	return f.Profiles, nil
}

// strictly reads one document of YAML, and no key that is unknown. A key of a server may stand in
// the file, so what is wrong is told by its line alone.
func strictly(text []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil && !errors.Is(err, io.EOF) { // an empty file sets nothing
		return wrongAt(err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("it must be one document of YAML")
	}
	return nil
}

// lineOf finds the line that an error of the YAML package is about.
var lineOf = regexp.MustCompile(`line \d+`)

func wrongAt(err error) error {
	what := "it is not YAML that a profile can be read from"
	if at := lineOf.FindString(err.Error()); at != "" {
		what += " (" + at + ")"
	}
	return fmt.Errorf("%s; a profile has server, ca, cert, cert_key, key, key_file, as and plaintext", what)
}

// maxKey is the most bytes of a key.
const maxKey = 4096

// maxText is the most bytes of every other field.
const maxText = 4096

func (p Profile) validate() error {
	var errs []error
	for name, text := range map[string]string{"server": p.Server, "ca": p.CA, "cert": p.Cert,
		"cert_key": p.CertKey, "key_file": p.KeyFile, "as": p.As} {
		if len(text) > maxText || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			errs = append(errs, fmt.Errorf("%s must be plain text of at most %d bytes", name, maxText))
		}
	}
	if err := checkKey(p.Key); err != nil {
		errs = append(errs, err)
	}
	if p.Key != "" && p.KeyFile != "" {
		errs = append(errs, errors.New("key and key_file are both given; keep one"))
	}
	if (p.Cert == "") != (p.CertKey == "") {
		errs = append(errs, errors.New("cert and cert_key belong together: give both or none"))
	}
	if p.Plaintext && (p.CA != "" || p.Cert != "") {
		errs = append(errs, errors.New("plaintext is set, and ca or cert ask for TLS; keep one"))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// checkKey refuses what could not be sent in a header. It never tells the key.
func checkKey(key string) error {
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("key must be at most %d visible characters of ASCII", maxKey)
	}
	return nil
}
