// Package store keeps what the domain packages know in an SQL database: recordings
// and their transcripts, suspects and decisions, freezes and their ledger, calls and the
// rules over them.
//
// There is one file for each aggregate. Their SQL is written so that SQLite and
// PostgreSQL both take it: $N placeholders, times as unix microseconds, ids as text,
// ON CONFLICT, RETURNING, row values. What only one of them knows lies in
// dialect.go, open_sqlite.go, open_postgres.go, postgres.go and migrations.
//
// There is no rule in it: the domains' services decide, and the store keeps. Every change
// is one transaction (see write.go), and what it changed is told to the feed once it is
// committed. SQLite has one writer, so the pool that writes has one connection; of several servers on one
// database of PostgreSQL one writes at a time, too (see others.go): within a
// transaction nothing else may write, and no file, network or speech may be waited for.
package store
