// Package audit is the record of who did what to what, when, from where and why: append-only, and
// chained as the ledger is, so that a changed, a missing and an added entry are found.
package audit
