package send

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/refrain-asr/refrain/internal/cli/client"
	"github.com/refrain-asr/refrain/internal/cli/upload"
)

// moves say where files go once there is an answer for them; "" lets them lie.
type moves struct{ sent, refused string }

// after moves a file away whose sending ended with err: what is on the server's disk, and what will
// never be. What may be sent later stays where it is.
func (m moves) after(it upload.Recording, err error) error {
	switch {
	case err == nil && m.sent != "":
		return move(it.Path, m.sent)
	case err != nil && m.refused != "" && refused(it, err):
		if err := move(it.Path, m.refused); err != nil {
			return err
		}
		why := filepath.Join(m.refused, filepath.Base(it.Path)+".why.txt")
		return os.WriteFile(why, []byte(err.Error()+"\n"), 0o600)
	}
	return nil
}

// refused reports whether the same file will never be taken as it is. One that changed on its way, or
// that its recorder may still be writing, will.
func refused(it upload.Recording, err error) bool {
	if it.Err != nil {
		return true
	}
	code := status.Code(err)
	return (code == codes.InvalidArgument || code == codes.AlreadyExists) &&
		client.ReasonOf(err) != "SHA256_MISMATCH"
}

// move moves a file into a folder, and over nothing that lies there.
func move(path, folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("move it away: %w", err)
	}
	to := filepath.Join(folder, filepath.Base(path))
	switch _, err := os.Lstat(to); {
	case err == nil:
		return fmt.Errorf("it can't be moved away: %s is there already", to)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("move it away: %w", err)
	}
	if err := os.Rename(path, to); err != nil {
		return fmt.Errorf("move it away: %w", err)
	}
	return nil
}
