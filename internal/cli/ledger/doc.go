// Package ledger is refrain ledger: it takes care of the key that the ledger of freezes is sealed with.
package ledger
