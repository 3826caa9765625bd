package config

import "time"

// Gate sets addresses at which the gate alone is asked, beside those of the whole API: what is done
// to these then doesn't reach it.
type Gate struct {
	GRPC string `yaml:"grpc" env:"GRPC"`
	HTTP string `yaml:"http" env:"HTTP"`
}

// Limits bound what callers can take of a server.
type Limits struct {
	// Connections is how many may be open at each address, Uploads how many recordings may be sent
	// at once. 0 goes by how many files the process may have open.
	Connections int `yaml:"connections" env:"CONNECTIONS"`
	Uploads     int `yaml:"uploads" env:"UPLOADS"`
	// Memory, in MiB, is what requests share while they are read and carried out.
	Memory int `yaml:"memory_mib" env:"MEMORY_MIB"`
	// Idle is how long nothing may come of a request that was begun; twice as long nothing may be read
	// of an answer.
	Idle time.Duration `yaml:"idle" env:"IDLE"`
}

// Least and most that makes sense.
const (
	leastMemory = 16
	mostMemory  = 16 << 10
	leastIdle   = time.Second
	mostIdle    = time.Hour
)

func (l Limits) validate(bad func(key, format string, args ...any)) {
	if l.Connections < 0 {
		bad("limits.connections", "is %d; it must be 1 or more, or 0 to go by the limit of open files",
			l.Connections)
	}
	if l.Uploads < 0 {
		bad("limits.uploads", "is %d; it must be 1 or more, or 0 to go by the limit of open files", l.Uploads)
	}
	if l.Memory < leastMemory || l.Memory > mostMemory {
		bad("limits.memory_mib", "is %d; it must be %d to %d, in MiB", l.Memory, leastMemory, mostMemory)
	}
	if l.Idle < leastIdle || l.Idle > mostIdle {
		bad("limits.idle", "is %s; it must be %s to %s", l.Idle, leastIdle, mostIdle)
	}
}

// What an address, and the uploads, get of the files that a process may have open. With 1,024 files
// they are 256, 256, 64, 64 and 128; the rest is the database's and the recordings'.
const (
	filesForConnections = 4
	filesForGate        = 16
	filesForUploads     = 8

	mostConnections = 1024
	mostAtGate      = 512
	mostUploads     = 256
	// fewFiles is taken where the limit is not known.
	fewFiles = 1024
)

// ByFiles fills in what is 0 for a process that may have so many files open; 0 is not known. AtGate is
// how many connections there may be at each of the gate's own addresses.
func (l Limits) ByFiles(files int) (filled Limits, atGate int) {
	if files <= 0 {
		files = fewFiles
	}
	if l.Connections == 0 {
		l.Connections = max(1, min(mostConnections, files/filesForConnections))
	}
	if l.Uploads == 0 {
		l.Uploads = max(1, min(mostUploads, files/filesForUploads))
	}
	return l, max(1, min(mostAtGate, files/filesForGate))
}
