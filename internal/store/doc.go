// Package store keeps what the domain packages know in an SQL database: recordings
// and their transcripts, suspects and decisions, freezes and their ledger, calls and the
// rules over them.
//
// There is one file for each aggregate. Their SQL is written so that SQLite and
// PostgreSQL both take it: $N placeholders, times as unix microseconds, ids as text,
// ON CONFLICT, RETURNING, row values. What only one of them knows lies in
// open_sqlite.go, in changes.go (the number of the latest change) and in migrations/sqlite.
//
// There is no rule in it: the domains' services decide, and the store keeps. Every change
// is one transaction (see write.go), and what it changed is told to the feed once it is
// committed. SQLite has one writer, so the pool that writes has one connection: within a
// transaction nothing else may write, and no file, network or speech may be waited for.
package store
