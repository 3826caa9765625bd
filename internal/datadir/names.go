package datadir

// What lies in a data directory.
const (
	LockFile  = "refrain.lock"
	DBFile    = "refrain.db"
	KeyFile   = "ledger.key"
	HeadFile  = "ledger.head"
	StateFile = "directory.json"
	// AdminSocket is by what whoever owns the directory gets in without a key.
	AdminSocket = "admin.sock"
	AudioDir    = "audio"
	ModelsDir   = "models"
)

// WALFile holds what was committed and is not yet in DBFile.
const WALFile = DBFile + "-wal"
