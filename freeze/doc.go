// Package freeze keeps numbers from being called: what a freeze is, when it stands,
// and the ledger that proves that none was slipped in, changed or taken out.
package freeze
