package config

// BySize has an amount of space go by the size of the disk.
const BySize = -1

// Disk sets what is kept free on the disk of the data directory, in MiB; BySize takes a twentieth
// of the disk, at most 1024 and 64.
type Disk struct {
	// ReserveMiB is what audio must leave free: uploads are refused before they reach it, so that
	// decisions, reports and reservations go on.
	ReserveMiB int `yaml:"reserve_mib" env:"RESERVE_MIB"`
	// BallastMiB is the size of a file that is given up where something else fills the disk; 0 for
	// none.
	BallastMiB int `yaml:"ballast_mib" env:"BALLAST_MIB"`
}

// mostMiB is the largest amount that may be set: 1 TiB.
const mostMiB = 1 << 20

// Reserve is what audio must leave free in bytes, below 0 where it goes by the disk's size.
func (d Disk) Reserve() int64 { return int64(d.ReserveMiB) << 20 }

// Ballast is the ballast's size in bytes, below 0 where it goes by the disk's size.
func (d Disk) Ballast() int64 { return int64(d.BallastMiB) << 20 }

func (d Disk) validate(bad func(key, format string, args ...any)) {
	for key, mib := range map[string]int{"disk.reserve_mib": d.ReserveMiB,
		"disk.ballast_mib": d.BallastMiB} {
		if mib < BySize || mib > mostMiB {
			bad(key, "is %d; it must be 0 to %d MiB, or %d to go by the size of the disk", mib, mostMiB,
				BySize)
		}
	}
}
