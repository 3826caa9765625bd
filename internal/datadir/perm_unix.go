//go:build unix

package datadir

import (
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

// readable tells whether others than the owner may read a file.
func readable(info fs.FileInfo) bool { return info.Mode().Perm()&0o077 != 0 }

// writable tells whether others than the owner may put files into a directory, or take them
// away. A group that nobody else is in, as many systems make one for each user, is no other.
func writable(info fs.FileInfo) bool {
	mode := info.Mode().Perm()
	if mode&0o002 != 0 {
		return true
	}
	if mode&0o020 == 0 {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return !ok || !ownGroup(st.Gid)
}

// ownGroup tells whether a group is the private one of the user who runs this.
func ownGroup(gid uint32) bool {
	me, err := user.Current()
	if err != nil || me.Gid != strconv.FormatUint(uint64(gid), 10) {
		return false
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil || group.Name != me.Username {
		return false
	}
	text, err := os.ReadFile("/etc/group")
	if err != nil {
		return false
	}
	return alone(string(text), me.Username)
}

// alone tells whether the group of that name, which must be in the text of /etc/group, has
// no other member than the user of that name.
func alone(groups, name string) bool {
	for line := range strings.Lines(groups) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) == 4 && fields[0] == name {
			return fields[3] == "" || fields[3] == name
		}
	}
	return false
}
