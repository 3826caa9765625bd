package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Audio that is encrypted (in the format of age) is copied as it lies. Its SHA-256 in the database is
// that of the plain audio, so only who has the identity can compare it; see VerifyOptions.Plain.

// sealedHead is as much of an encrypted file as tells it from every other: its header is made of
// random numbers anew for each file.
const sealedHead = 160

// sealedBegin is how files of age begin.
var sealedBegin = []byte("age-encryption.org/v1\n")

// isSealed tells whether a file is encrypted.
func isSealed(name string) (bool, error) {
	head, err := headOf(name)
	return bytes.HasPrefix(head, sealedBegin), err
}

func headOf(name string) (head []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, sealedHead))
}

// takeSealed takes over an encrypted file, and gives its SHA-256 and size as it lies.
func (m *maker) takeSealed(ctx context.Context, a Audio, from, to string) (sum string, size int64, err error) {
	if before := m.before[a.path()]; before != "" {
		previous := filepath.Join(m.Previous, a.path())
		same, size, err := sameSealed(from, previous)
		if err != nil {
			return "", 0, err
		}
		if same && link(previous, to) == nil {
			m.made.Linked++
			m.meter.add(size)
			return before, size, nil
		}
	}
	return m.copy(ctx, from, to)
}

// sameSealed tells whether a file is the one that was copied earlier, and how large it is.
func sameSealed(from, previous string) (same bool, size int64, err error) {
	is, err := os.Stat(from)
	if err != nil {
		return false, 0, err
	}
	was, err := os.Stat(previous)
	if errors.Is(err, os.ErrNotExist) {
		return false, is.Size(), nil
	}
	if err != nil || was.Size() != is.Size() {
		return false, is.Size(), err
	}
	a, errA := headOf(from)
	b, errB := headOf(previous)
	return bytes.Equal(a, b), is.Size(), errors.Join(errA, errB)
}
