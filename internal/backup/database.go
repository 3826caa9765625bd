package backup

import (
	"context"
	"time"
)

// Database is what is done with database files; it changes none but those that it makes, and those that are
// restored.
type Database interface {
	Reader
	// Copy copies the database at from, as it is at one moment and while a server has it open,
	// to a new file at to, which is complete by itself and synced.
	Copy(ctx context.Context, from, to string, progress func(done, whole int64)) error
	// SignOut ends all sessions of people in the database at path, which nobody has open.
	SignOut(ctx context.Context, path string) error
	// TakeAccess has the database at path, which nobody has open, let in whom the one at from lets in.
	TakeAccess(ctx context.Context, path, from string) error
}

// Reader reads database files.
type Reader interface {
	// Describe reads what the database at path says of itself.
	Describe(ctx context.Context, path string) (About, error)
	// EachAudio hands the audio of all recordings that the database at path knows to visit,
	// until that fails.
	EachAudio(ctx context.Context, path string, visit func(Audio) error) error
	// EachAdmitted hands the keys and the people that the database at path lets in at a moment to visit,
	// until that fails.
	EachAdmitted(ctx context.Context, path string, now time.Time, visit func(Admitted) error) error
	// Check reads all of the database at path and verifies its ledger with the key's secret,
	// where there is one. It gives what is wrong.
	Check(ctx context.Context, path string, secrets [][]byte) (wrong []string, err error)
}

// About is what a database says of itself.
type About struct {
	// Directory and Key are the ids of its data directory, and of the key that its ledger is
	// sealed with.
	Directory string `json:"directory"`
	Key       string `json:"key"`
	// Schema is the version of its tables.
	Schema int64 `json:"schema"`
	// Entries is how long its ledger is, and Head the MAC of the last entry.
	Entries int64  `json:"entries"`
	Head    string `json:"head"`
}

// Audio is a recording's file as the database knows it.
type Audio struct {
	ID, SHA256 string
	Size       int64
}

// referenceSuffix is behind the name of a file that only says where the audio lies; as package blob has it.
const referenceSuffix = ".ref"

// path is where the audio lies in a data directory; as package blob has it.
func (a Audio) path() string { return audioPath(a.ID) }
