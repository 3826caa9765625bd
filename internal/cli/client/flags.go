package client

import (
	"cmp"
	"net"
	"os"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/refrain-asr/refrain/access"
	"github.com/refrain-asr/refrain/internal/cli/console"
	"github.com/refrain-asr/refrain/internal/cli/usage"
)

const (
	defaultServer = "127.0.0.1:7430"
	// maxAnswer is the largest answer taken, in bytes: the transcript of a call of many
	// hours is larger than gRPC's own 4 MiB.
	maxAnswer = 256 << 20
	// maxActor is the most bytes the server takes as a name.
	maxActor = 128
	// actorKey is the metadata that says who acts.
	actorKey = "refrain-actor"
)

// Flags choose the server and say who asks.
type Flags struct {
	// Server is the address of the server's gRPC, host:port; Actor is the name of whoever acts.
	Server, Actor string
	// Key says who asks; "" for nobody.
	Key string
	// Data is the directory whose server is reached by its admin socket, in place of Server; "" for
	// none.
	Data string

	trust trust
	// given tells whether a flag was given, getenv looks a variable of the environment up.
	given  func(flag string) bool
	getenv func(string) string

	preparing sync.Mutex
	prepared  bool
}

// AddFlags adds --server and --as to cmd and the commands below it.
func AddFlags(c *console.Console, cmd *cobra.Command) *Flags {
	f := &Flags{}
	flags := cmd.PersistentFlags()
	flags.StringVar(&f.Server, "server", cmp.Or(c.Getenv("REFRAIN_SERVER"), defaultServer),
		"the server's gRPC `address` (or set REFRAIN_SERVER)")
	flags.StringVar(&f.Actor, "as", defaultActor(c), "the `name` of whoever acts, for the record "+
		"(or set REFRAIN_ACTOR); believed where no key is needed, and from keys that may act for others")
	f.Key = c.Getenv("REFRAIN_KEY") // and not as the flag's default, which help would show
	flags.Var(secretFlag{&f.Key}, "key", "the `key` to ask with, or @FILE that holds it (or set REFRAIN_KEY, "+
		"which other users of the machine can't see)")
	f.addTrustFlags(c, cmd)
	return f
}

func defaultActor(c *console.Console) string {
	if user := c.Getenv("USER"); user != "" && c.Getenv("REFRAIN_ACTOR") == "" &&
		checkActor(user) == nil {
		return user
	}
	return cmp.Or(c.Getenv("REFRAIN_ACTOR"), "cli")
}

// checkActor refuses what the server would refuse.
func checkActor(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return usage.Errorf("--as is empty; name whoever acts")
	case len(name) > maxActor, !utf8.ValidString(name),
		strings.ContainsFunc(name, unicode.IsControl):
		return usage.Errorf("--as must be plain text of at most %d bytes", maxActor)
	case access.Reserved(name):
		return usage.Errorf("--as is %s, which is what the record calls the server itself, or who asks from its "+
			"machine; name whoever acts", name)
	}
	return nil
}

// secretFlag is a flag whose value help never shows. @FILE stands for what is in a file.
type secretFlag struct{ key *string }

// String implements pflag.Value.
func (secretFlag) String() string { return "" }

// Type implements pflag.Value.
func (secretFlag) Type() string { return "string" }

// Set implements pflag.Value.
func (s secretFlag) Set(text string) (err error) {
	*s.key, err = readSecret(text)
	return err
}

// readSecret gives a secret, or that of the file which @FILE names.
func readSecret(text string) (string, error) {
	if name, ok := strings.CutPrefix(text, "@"); ok {
		raw, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		text = string(raw)
	}
	return strings.TrimSpace(text), nil
}

// readKey reads the key where REFRAIN_KEY or a profile names its file, and refuses what is none: a
// server could only speak of a header. It never shows it.
func (f *Flags) readKey() (err error) {
	if f.Key, err = readSecret(f.Key); err != nil {
		return usage.Errorf("REFRAIN_KEY: %v", err)
	}
	return checkKey(f.Key)
}

// keyStart is what all keys to the API begin with.
const keyStart = "refrain_"

func checkKey(key string) error {
	if key != "" && !strings.HasPrefix(key, keyStart) {
		return usage.Errorf("what --key or REFRAIN_KEY gives is no key, which begins with %s; for a file write "+
			"@FILE in either", keyStart)
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return usage.Errorf("the key (--key or REFRAIN_KEY) is no key of Refrain: it holds spaces or " +
			"characters that no key has")
	}
	return nil
}

// prepare reads the profile and the key, once: those who dial share the flags.
func (f *Flags) prepare() error {
	f.preparing.Lock()
	defer f.preparing.Unlock()
	if f.prepared || f.Data != "" { // by the socket neither is needed, and a broken one must not be in the way
		return nil
	}
	if err := f.settle(); err != nil {
		return err
	}
	if err := f.readKey(); err != nil {
		return err
	}
	f.prepared = true
	return nil
}

// Dial prepares the connection; the first call makes it.
func (f *Flags) Dial() (*Client, error) {
	if err := f.prepare(); err != nil {
		return nil, err
	}
	if _, _, err := net.SplitHostPort(f.Server); err != nil && f.Data == "" {
		return nil, usage.Errorf("--server is %q; write host:port, such as %s", f.Server,
			defaultServer)
	}
	if err := checkActor(f.Actor); err != nil {
		return nil, err
	}
	c := &Client{flags: f}
	if err := c.connect(); err != nil {
		return nil, err
	}
	return c, nil
}

// With runs use with a connection, and closes it.
func (f *Flags) With(use func(cl *Client) error) error {
	cl, err := f.Dial()
	if err != nil {
		return err
	}
	defer cl.Close()
	return use(cl)
}
