package store

import (
	"fmt"
	"strings"
)

// holder is another process that holds a lock on the database.
type holder struct {
	pid  int
	name string
}

func (h holder) String() string { return fmt.Sprintf("%s, process %d", h.name, h.pid) }

// lockedBy says who holds the database, as far as it is known.
func lockedBy(by []holder) string {
	who := "another program"
	if len(by) > 0 {
		names := make([]string, len(by))
		for i, h := range by {
			names[i] = h.String()
		}
		who += " (" + strings.Join(names, "; ") + ")"
	}
	return who + " holds the database and keeps the server from writing: end that program or its " +
		"transaction; then send again what was refused. No program but Refrain may write to its database"
}
