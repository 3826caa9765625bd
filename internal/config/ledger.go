package config

import "github.com/refrain-asr/refrain/internal/secret"

// Ledger sets what the ledger of freezes is sealed with.
type Ledger struct {
	// Key is where its key comes from; without it that is ledger.key in the data directory, which
	// a first start makes.
	Key secret.Source `yaml:"key" envPrefix:"KEY_"`
}
