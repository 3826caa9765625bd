// Package freeze is refrain freeze: it freezes, lists, releases, imports and exports numbers,
// and verifies the ledger.
package freeze
