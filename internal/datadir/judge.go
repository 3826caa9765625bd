package datadir

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/refrain-asr/refrain/freeze"
)

// Kind is what may be wrong with a data directory, by the name by which an operator says
// that it is meant so.
type Kind string

// The kinds, in the order in which they are told.
const (
	MissingDatabase Kind = "missing-database"
	MissingKey      Kind = "missing-key"
	OtherKey        Kind = "other-key"
	OtherDatabase   Kind = "other-database"
	OlderDatabase   Kind = "older-database"
	MissingHead     Kind = "missing-head"
	ReadableFiles   Kind = "readable-files"
	OpenDirectory   Kind = "open-directory"
	OtherBucket     Kind = "other-bucket"
	MovedAway       Kind = "moved-away"
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{MissingDatabase, MissingKey, OtherKey, OtherDatabase, OlderDatabase, MissingHead,
		ReadableFiles, OpenDirectory, OtherBucket, MovedAway}
}

// Database is what a database says of itself.
type Database struct {
	// Directory and Key are the ids it was written under; "" where it does not tell.
	Directory, Key string
	// Former are the ids of the keys before, the latest first.
	Former []string
	Schema int64
	// Entries is how long its ledger is.
	Entries int64
	// First is the ledger's first entry, where it has any.
	First freeze.Entry
	// Noted is the MAC of the entry with the number of the head that was noted beside it.
	Noted freeze.MAC
}

// Finding is something that is wrong with a data directory.
type Finding struct {
	Kind Kind
	// Message says what is wrong, and what to do.
	Message string
	// Means says what becomes of it where the operator means it so.
	Means string
}

// String tells all of it.
func (f Finding) String() string {
	return fmt.Sprintf("%s. If you mean it so, start with --accept %s: %s", f.Message, f.Kind,
		f.Means)
}

// Judge finds what is wrong with a data directory. db is nil where there is no database to
// be read.
func Judge(f Facts, db *Database) ([]Finding, error) {
	keys, err := f.Keys()
	if err != nil {
		return nil, err
	}
	var found []Finding
	if db == nil {
		found = f.withoutDatabase()
	} else {
		found = slices.Concat(f.keyFits(keys, *db), f.belongs(*db))
	}
	return slices.Concat(f.moved(), found, f.open()), nil
}

// Refuse gives the findings that the operator did not accept as an error, and the others.
func Refuse(found []Finding, accepted []string) (meant []Finding, err error) {
	var errs []error
	for _, f := range found {
		if slices.Contains(accepted, string(f.Kind)) {
			meant = append(meant, f)
			continue
		}
		errs = append(errs, errors.New(f.String()))
	}
	return meant, errors.Join(errs...)
}

func (f Facts) withoutDatabase() []Finding {
	if len(f.Beside) == 0 {
		return nil
	}
	what := "holds no tables"
	switch {
	case f.Missing:
		what = "is missing"
	case f.Empty:
		what = "is empty (0 bytes)"
	}
	where, back := "beside it", "back with its write-ahead log ("+WALFile+"), or restore a backup ('refrain restore')"
	if f.Elsewhere != "" {
		what, where, back = "holds no tables", "in "+f.Dir, "back by PostgreSQL's own tools"
	}
	return []Finding{{MissingDatabase, fmt.Sprintf("%s %s, but %s lies what belongs to "+
		"one (%s): the freezes are gone with it, so every number would be allowed. Put the database "+
		"%s", f.databaseName(), what, where, strings.Join(f.Beside, ", "), back),
		"a new database is made, without any freeze; audio is moved to audio/stray"}}
}

func (f Facts) keyFits(keys freeze.Keys, db Database) []Finding {
	const means = "the ledger is sealed anew under %s, and its heads of before prove nothing any more"
	switch {
	case f.Secrets == nil && (db.Entries > 0 || db.Key != ""):
		return []Finding{{MissingKey, fmt.Sprintf("%s is missing, without which the freeze ledger "+
			"can be neither checked nor continued: %s", f.KeyFrom, PutKeyBack),
			fmt.Sprintf(means, "a new key")}}
	case f.Secrets == nil:
		return nil
	}
	var wrong string
	have, known := keys.At(db.Key)
	lacking := lacks(keys, db.Former)
	switch {
	case db.Key != "" && !known,
		db.Key == "" && db.Entries > 0 && !keys.Sealed(db.First):
		wrong = "is another key than the one that the freeze ledger was sealed with" + named(db.Key, keys.ID())
	case lacking != "":
		wrong = fmt.Sprintf("lacks a generation of the key that the freeze ledger was sealed with before (%s)", lacking)
	case known && lacks(have, db.Former) != "":
		wrong = "has the generations of the key in another order than the freeze ledger"
	default:
		return nil
	}
	return []Finding{{OtherKey, fmt.Sprintf("%s %s: frozen numbers would not be recognised. Put the key "+
		"that belongs to the database back from where you keep a copy (backups hold it only with --with-key)",
		f.KeyFrom, wrong), fmt.Sprintf(means, "this key")}}
}

// lacks gives the first of the ids that no generation of the keys has, "" where they have all.
func lacks(keys freeze.Keys, ids []string) string {
	for _, id := range ids {
		if _, ok := keys.At(id); !ok {
			return id
		}
	}
	return ""
}

func named(want, have string) string {
	if want == "" {
		return ""
	}
	return fmt.Sprintf(" (it is %s, not %s)", have, want)
}

// belongs finds out whether the database is the directory's own, and the latest.
func (f Facts) belongs(db Database) []Finding {
	s := f.State
	switch {
	case s == nil && f.NoHead != nil: // of old, or put together by hand: nothing to compare with
		return nil
	case s != nil && db.Directory != "" && db.Directory != s.ID:
		return []Finding{{OtherDatabase, fmt.Sprintf("%s is the database of another data directory "+
			"(%s, while this one is %s): put this one's back", f.databaseName(), db.Directory, s.ID),
			"the directory takes over the database and its id; audio that it does not know is moved " +
				"to audio/stray"}}
	case s != nil && db.Schema < s.Schema:
		return []Finding{f.older(fmt.Sprintf("its tables have version %d, while they had %d", db.Schema,
			s.Schema))}
	case f.NoHead != nil:
		return []Finding{{MissingHead, fmt.Sprintf("%v in %s, so nothing tells whether the database is "+
			"the latest: put it back, or compare the ledger's head (%d entries) with the server's log",
			f.NoHead, f.Dir, db.Entries),
			"the database is believed, and its head noted"}}
	case db.Entries < f.Head.Entries:
		return []Finding{f.older(fmt.Sprintf("its ledger has %d entries, while %d were noted beside it: "+
			"%d freezes or releases are lost", db.Entries, f.Head.Entries, f.Head.Entries-db.Entries))}
	case f.Head.Entries > 0 && db.Noted != f.Head.MAC:
		return []Finding{{OtherDatabase, fmt.Sprintf("%s went another way than this directory's: "+
			"entry %d of its ledger is not the one that was noted beside it. It is a copy that was "+
			"used elsewhere, or was tampered with: put this directory's own back", f.databaseName(),
			f.Head.Entries), "the database is believed, and its head noted"}}
	}
	return nil
}

func (f Facts) older(why string) Finding {
	how := "Its write-ahead log (" + WALFile + ") may have been left behind, or an old copy put back. Put " +
		"both files back together, or restore the latest backup"
	if f.Elsewhere != "" {
		how = "An old state may have been put back, or a standby promoted that lacked the latest commits. Bring it to the " +
			"latest state by PostgreSQL's own tools"
	}
	return Finding{OlderDatabase, fmt.Sprintf("%s is older than it was when the server last "+
		"ran: %s. %s", f.databaseName(), why, how),
		"the database is believed, and what it lacks is lost"}
}

func (f Facts) open() []Finding {
	var out []Finding
	if len(f.Readable) > 0 {
		files := strings.Join(f.Readable, " ")
		out = append(out, Finding{ReadableFiles, fmt.Sprintf("others may read %s, where everybody's "+
			"numbers or the ledger's key lie: chmod 600 %s", strings.Join(f.Readable, ", "), files),
			"they stay readable"})
	}
	if len(f.Writable) > 0 {
		out = append(out, Finding{OpenDirectory, fmt.Sprintf("others may change %s, and so put "+
			"another database or key there: chmod go-w %s", strings.Join(f.Writable, ", "),
			strings.Join(f.Writable, " ")), "it stays as it is"})
	}
	return out
}
