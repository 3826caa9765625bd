// Package seal is the keyed hash by which the freeze ledger and the audit's record chain their entries; a leaf.
package seal
