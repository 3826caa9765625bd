package retention

// Dossier is all that is held about a number. Of each table it has the rows that are about it, as they
// are stored, by the names of columns: so nothing is left out that comes later. Times that end in _at,
// and start_at, are microseconds since 1970.
type Dossier struct {
	Number string                      `json:"number"`
	Tables map[string][]map[string]any `json:"tables"`
	// Erasures tell that the person was erased: what is held besides came later, or is a freeze.
	Erasures []Erasure `json:"erasures,omitempty"`
	// Audio are the ids of recordings whose audio lies beside.
	Audio []string `json:"audio"`
}
