package blob

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"filippo.io/age"
)

// Cipher encrypts audio as it is written, in the format of age, so that whoever has the disk or a
// backup and not the identity hears nothing. What lies there in plain is read as it is.
type Cipher struct {
	identities []age.Identity
	recipients []age.Recipient
	// write tells that new audio is encrypted; else the cipher only reads.
	write bool
}

// NewCipher reads identities as age-keygen writes them, whose own recipients read what is
// written, and those of others (age1...). Its errors never tell an identity.
func NewCipher(identities []byte, others []string, write bool) (*Cipher, error) {
	ids, err := age.ParseIdentities(bytes.NewReader(identities))
	if err != nil || len(ids) == 0 {
		return nil, errors.New("holds no identity of age (a line that begins with AGE-SECRET-KEY-)")
	}
	c := &Cipher{identities: ids, write: write}
	for _, id := range ids {
		switch id := id.(type) {
		case *age.X25519Identity:
			c.recipients = append(c.recipients, id.Recipient())
		case *age.HybridIdentity:
			c.recipients = append(c.recipients, id.Recipient())
		default:
			return nil, errors.New("holds an identity that no recipient can be made of; make one with age-keygen")
		}
	}
	for _, text := range others {
		more, err := age.ParseRecipients(bytes.NewReader([]byte(text)))
		if err != nil {
			return nil, fmt.Errorf("%q is no recipient of age (age1...): %w", text, err)
		}
		c.recipients = append(c.recipients, more...)
	}
	return c, nil
}

// Encrypt has audio encrypted, and read what was. It is called before the Dir is used.
func (d *Dir) Encrypt(c *Cipher) { d.cipher = c }

// encrypted is how a file of age begins.
var encrypted = []byte("age-encryption.org/v1\n")

// Encrypted tells whether a file is encrypted.
func Encrypted(f io.ReaderAt) (bool, error) {
	begin := make([]byte, len(encrypted))
	n, err := f.ReadAt(begin, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return bytes.Equal(begin[:n], encrypted), err
}

// errNoIdentity is what is said of audio that was encrypted while nothing can decrypt it.
var errNoIdentity = errors.New("it is encrypted, and audio.encrypt.identity names nothing that decrypts it")

// File is a stored file, to be read from any place.
type File interface {
	io.ReadSeekCloser
	io.ReaderAt
}

// Open is the audio in a file of size bytes, decrypted where it needs to be. It closes f where it
// fails.
func (c *Cipher) Open(f File, size int64) (io.ReadCloser, error) {
	is, err := Encrypted(f)
	if err == nil && !is {
		return f, nil
	}
	var audio io.ReadCloser
	if err == nil {
		audio, err = c.decrypt(f, size)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return audio, nil
}

func (c *Cipher) decrypt(f File, size int64) (io.ReadCloser, error) {
	if c == nil {
		return nil, errNoIdentity
	}
	at, size, err := age.DecryptReaderAt(f, size, c.identities...)
	if _, other := errors.AsType[*age.NoIdentityMatchError](err); other {
		return nil, errNoIdentity
	}
	if err != nil {
		return nil, fmt.Errorf("decrypt it: %w", err)
	}
	return decrypted{io.NewSectionReader(at, 0, size), f}, nil
}

// decrypted is audio that is decrypted as it is read, from any place.
type decrypted struct {
	*io.SectionReader
	io.Closer
}

// Plain is a file's audio, as it was uploaded, for whoever has the identity.
func (c *Cipher) Plain(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return c.plainFile(f)
}

func (c *Cipher) plainFile(f *os.File) (io.ReadCloser, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return c.Open(f, info.Size())
}
