package freeze

import (
	"fmt"
	"slices"

	"github.com/refrain-asr/refrain/number"
)

// Line is an entry of the ledger with what it says of people.
type Line struct {
	Entry
	// Personal is nil where it was erased.
	Personal *Personal
}

// MaxFindings is how many findings a Verification holds: who rewrote a table makes
// millions, and a few tell as much.
const MaxFindings = 100

// Verification is what a check of the ledger brought to light.
type Verification struct {
	// Entries is how many entries were read, Head the MAC of the last sound one.
	Entries int64
	Head    MAC
	// Erased counts the entries whose personal data were erased, which is no finding.
	Erased int64
	// Findings are what is wrong, 100 at most; each is ErrTampered.
	Findings []error
}

// Find adds a finding, which is ErrTampered.
func (v *Verification) Find(format string, args ...any) {
	v.add(fmt.Errorf("%w: "+format, append([]any{ErrTampered}, args...)...))
}

func (v *Verification) add(err error) {
	if err != nil && len(v.Findings) < MaxFindings {
		v.Findings = append(v.Findings, err)
	}
}

// Check checks a ledger line by line, from its first entry to its last: the chain, and
// that the personal data fit their commitments.
type Check struct {
	chain Verifier
	// broken is set where the chain broke: nothing behind that is proven.
	broken bool
	found  Verification
}

// NewCheck begins a check. Want is the MAC of an entry that must be there, zero for none.
func NewCheck(keys Keys, want MAC) *Check { return &Check{chain: Verifier{Keys: keys, Want: want}} }

// Line checks the next line.
func (c *Check) Line(l Line) {
	c.found.Entries++
	if !c.broken {
		err := c.chain.Next(l.Entry)
		c.found.add(err)
		c.broken = err != nil
	}
	c.personal(l)
}

// End is what the check brought to light.
func (c *Check) End() Verification {
	_, c.found.Head = c.chain.Head()
	c.found.add(c.chain.End())
	return c.found
}

func (c *Check) personal(l Line) {
	if l.Personal == nil {
		c.found.Erased++
		return
	}
	if l.Personal.redacted() {
		c.found.Erased++
	} else if l.Personal.Commitment() != l.Commitment {
		c.found.Find("what entry %d says of people was changed", l.Seq)
		return
	}
	if l.Personal.Number == "" { // released after the number had been erased
		return
	}
	n, err := number.FromE164(l.Personal.Number)
	if err != nil || !slices.Contains(c.chain.Keys.NumberMACs(n), l.NumberMAC) {
		c.found.Find("entry %d is about another number than its personal data", l.Seq)
	}
}
