package freeze

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"
	"sync"

	"github.com/refrain-asr/refrain/number"
)

// Names name numbers as the ledger does, and that is all they can do: whoever has them can neither seal an
// entry nor find out a secret of the ledger. They are safe for concurrent use.
type Names struct{ keys []*nameKey }

// nameKey is the key of one generation.
type nameKey struct {
	key []byte
	// hashes are those in which nobody is at work: to begin one costs more than to name a number.
	hashes sync.Pool
}

// NameKeySize is the length of the key by which a generation names numbers, in bytes.
const NameKeySize = sha256.Size

// MaxNameKeys is how many generations there may be.
const MaxNameKeys = 64

// NewNames makes them of the keys of all generations, that in force first: what Names.Keys gives.
func NewNames(keys ...[]byte) (*Names, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no key to name numbers by")
	}
	if len(keys) > MaxNameKeys {
		return nil, fmt.Errorf("there are %d keys to name numbers by; at most %d", len(keys), MaxNameKeys)
	}
	n := &Names{}
	for _, key := range keys {
		if len(key) != NameKeySize {
			return nil, fmt.Errorf("a key to name numbers by has %d bytes; it needs %d", len(key), NameKeySize)
		}
		k := &nameKey{key: slices.Clone(key)}
		k.hashes.New = func() any { return hmac.New(sha256.New, k.key) }
		n.keys = append(n.keys, k)
	}
	return n, nil
}

// Names are the names that these keys give.
func (k Keys) Names() (*Names, error) {
	keys := make([][]byte, 0, 1+len(k.former))
	for _, g := range k.Generations() {
		keys = append(keys, g.number)
	}
	return NewNames(keys...)
}

// Keys are the keys of all generations, that in force first. They are secret.
func (n *Names) Keys() [][]byte {
	keys := make([][]byte, len(n.keys))
	for i, k := range n.keys {
		keys[i] = slices.Clone(k.key)
	}
	return keys
}

// Same tells that they name every number alike.
func (n *Names) Same(o *Names) bool {
	return slices.EqualFunc(n.Keys(), o.Keys(), hmac.Equal)
}

// Of is the name of a number from now on: Keys.NumberMAC.
func (n *Names) Of(num number.Number) MAC { return n.keys[0].of(num) }

// All are all names that a number may be known by, the one in force first: Keys.NumberMACs.
func (n *Names) All(num number.Number) []MAC {
	all := make([]MAC, len(n.keys))
	for i, k := range n.keys {
		all[i] = k.of(num)
	}
	return all
}

func (k *nameKey) of(num number.Number) (mac MAC) {
	h, _ := k.hashes.Get().(hash.Hash) // nothing else is put there
	h.Reset()
	h.Write([]byte(num.E164()))
	h.Sum(mac[:0])
	k.hashes.Put(h)
	return mac
}
